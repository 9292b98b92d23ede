// curvecpclient: connects a message handler to a CurveCP server.
#include "client/client_loop.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/core_dump.hpp"
#include "curvecp/posix/program_run.hpp"
#include "curvecp/posix/program_search.hpp"

#include <csignal>

namespace {

using namespace curvecp;

client::Outcome connect(int argc, char** argv, client::Options& options) {
    prepare_descriptors();
    forbid_core_dumps();
    ignore_broken_pipes();
    if (!start_cryptography()) throw StartError("cannot start libsodium");
    if (!client::parse_options(argc, argv, options)) return {};
    static_cast<void>(find_program(options.handler.front()));
    Log log("curvecpclient", options.verbosity);
    return client::ClientLoop(options, log).run();
}

}  // namespace

int main(int argc, char** argv) {
    client::Options options;
    client::Outcome outcome;
    const int exit_code = run_program("curvecpclient", options.verbosity, [&] {
        outcome = connect(argc, argv, options);
        return outcome.exit_code;
    });
    // Everything is closed; whoever waits sees that a signal ended this.
    if (outcome.signal != 0) static_cast<void>(std::raise(outcome.signal));
    return exit_code;
}
