#include "keytools/tool.hpp"

#include "curvecp/core/random.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/log.hpp"

#include <cerrno>
#include <cstdio>

namespace curvecp::keytools {
namespace {

void print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) throw StartError("cannot write to stdout", errno);
}

std::string output_of(const Tool& tool, Work work, int argc, char** argv) {
    const auto parsed = parse_options(tool, argc, argv);
    if (const auto* text = std::get_if<Text>(&parsed)) return text->text;
    if (!start_cryptography()) throw StartError("cannot start libsodium");
    return work(std::get<Options>(parsed).key_directory);
}

}  // namespace

int run(const Tool& tool, Work work, int argc, char** argv) {
    Log log(tool.name, Verbosity::Errors);
    try {
        print(output_of(tool, work, argc, argv));
        return 0;
    } catch (const UsageError& error) {
        log.fatal(error.what());
        return kExitUsage;
    } catch (const std::exception& error) {
        log.fatal(error.what());
        return kExitFailure;
    }
}

}  // namespace curvecp::keytools
