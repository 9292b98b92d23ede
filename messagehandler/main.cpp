// curvecpmessage: makes reliable streams out of a CurveCP connection's messages.
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/pipe.hpp"
#include "curvecp/posix/program_search.hpp"
#include "messagehandler/handler_loop.hpp"

namespace {

using namespace curvecp;

int handle(const messagehandler::Options& options, Log& log) {
    if (!options.stdio) static_cast<void>(find_program(options.program.front()));
    messagehandler::prepare_message_descriptors();
    prepare_descriptors();
    messagehandler::HandlerLoop loop(options, log);
    return loop.run();
}

int run(int argc, char** argv) {
    messagehandler::Options options;
    const auto fail = [&options](const std::exception& error, int exit_code) {
        Log("curvecpmessage", options.verbosity).fatal(error.what());
        return exit_code;
    };
    try {
        ignore_broken_pipes();
        if (!messagehandler::parse_options(argc, argv, options)) return 0;
        Log log("curvecpmessage", options.verbosity);
        return handle(options, log);
    } catch (const UsageError& error) {
        return fail(error, kExitUsage);
    } catch (const std::exception& error) {
        return fail(error, kExitFailure);
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run(argc, argv);
}
