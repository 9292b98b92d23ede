// curvecpmessage: makes reliable streams out of a CurveCP connection's messages.
#include "curvecp/posix/pipe.hpp"
#include "curvecp/posix/program_run.hpp"
#include "curvecp/posix/program_search.hpp"
#include "messagehandler/handler_loop.hpp"

namespace {

using namespace curvecp;

int handle(int argc, char** argv, messagehandler::Options& options) {
    ignore_broken_pipes();
    if (!messagehandler::parse_options(argc, argv, options)) return 0;
    if (!options.stdio) static_cast<void>(find_program(options.program.front()));
    messagehandler::prepare_message_descriptors();
    prepare_descriptors();
    Log log("curvecpmessage", options.verbosity);
    return messagehandler::HandlerLoop(options, log).run();
}

}  // namespace

int main(int argc, char** argv) {
    messagehandler::Options options;
    return run_program("curvecpmessage", options.verbosity,
                       [&] { return handle(argc, argv, options); });
}
