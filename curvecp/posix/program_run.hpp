// The frame of every main(): what stops the work becomes one line on stderr and an exit code.
#pragma once

#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/log.hpp"

#include <exception>
#include <string_view>

namespace curvecp {

inline constexpr LogFormat kTextLog = LogFormat::Text;

// Returns the exit code: that of `work()`, or what an exception means. `verbosity` and `format`
// are looked at when something is told: the work may set them as soon as it knows them.
template <class Work>
[[nodiscard]] int run_program(std::string_view program, const Verbosity& verbosity, Work work,
                              const LogFormat& format = kTextLog) {
    ignore_file_size_signals();
    const auto fail = [&](const std::exception& error, int exit_code) {
        const bool no_memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
        Log(program, verbosity, format).fatal(no_memory ? "out of memory" : error.what());
        return exit_code;
    };
    try {
        return work();
    } catch (const UsageError& error) {
        return fail(error, kExitUsage);
    } catch (const std::invalid_argument& error) {
        return fail(error, kExitUsage);  // a value that only the work itself could judge
    } catch (const std::exception& error) {
        return fail(error, kExitFailure);
    }
}

}  // namespace curvecp
