#include "keytools/tool.hpp"

#include "curvecp/core/random.hpp"
#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/core_dump.hpp"
#include "curvecp/posix/program_run.hpp"

#include <cerrno>
#include <cstdio>
#include <optional>

namespace curvecp::keytools {
namespace {

// nullopt where only help or the version was asked for, which is then printed.
std::optional<std::string> key_directory_operand(std::string_view program,
                                                 std::string_view description, int argc,
                                                 char** argv) {
    CommandLine line(program, "keydir", description);
    const auto parsed = line.parse(argc, argv);
    if (!parsed) return std::nullopt;
    const auto& positions = parsed->positions;
    if (positions.empty()) throw UsageError("missing keydir, try --help");
    if (positions.front().empty()) throw UsageError("keydir is empty");
    if (positions.size() > 1) throw UsageError("unexpected argument " + positions[1]);
    return positions.front();
}

void print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) throw StartError("cannot write to stdout", errno);
}

}  // namespace

int run(std::string_view program, std::string_view description, Work work, int argc, char** argv) {
    return run_program(program, Verbosity::Errors, [&] {
        const auto key_directory = key_directory_operand(program, description, argc, argv);
        if (!key_directory) return 0;
        forbid_core_dumps();
        if (!start_cryptography()) throw StartError("cannot start libsodium");
        print(work(*key_directory));
        return 0;
    });
}

}  // namespace curvecp::keytools
