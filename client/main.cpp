// curvecpclient: connects a message handler to a CurveCP server.
#include "client/client_loop.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/core_dump.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/program_search.hpp"

#include <csignal>

namespace {

using namespace curvecp;

client::Outcome connect(const client::Options& options, Log& log) {
    static_cast<void>(find_program(options.handler.front()));
    client::ClientLoop loop(options, log);
    return loop.run();
}

client::Outcome run(int argc, char** argv) {
    client::Options options;
    const auto fail = [&options](const std::exception& error, int exit_code) {
        Log("curvecpclient", options.verbosity).fatal(error.what());
        return client::Outcome{.exit_code = exit_code};
    };
    try {
        prepare_descriptors();
        forbid_core_dumps();
        ignore_broken_pipes();
        if (!start_cryptography()) throw StartError("cannot start libsodium");
        if (!client::parse_options(argc, argv, options)) return {};
        Log log("curvecpclient", options.verbosity);
        return connect(options, log);
    } catch (const UsageError& error) {
        return fail(error, kExitUsage);
    } catch (const std::exception& error) {
        return fail(error, kExitFailure);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const curvecp::client::Outcome outcome = run(argc, argv);
    // Everything is closed; whoever waits sees that a signal ended this.
    if (outcome.signal != 0) static_cast<void>(std::raise(outcome.signal));
    return outcome.signal != 0 ? curvecp::kExitFailure : outcome.exit_code;
}
