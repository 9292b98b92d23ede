// curvecpserver: listens for CurveCP connections and starts a message handler for each.
#include "curvecp/core/random.hpp"
#include "curvecp/posix/core_dump.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/pipe.hpp"
#include "curvecp/posix/program_search.hpp"
#include "daemon/server_loop.hpp"

namespace {

using namespace curvecp;

void serve(daemon::ServerOptions options, Log& log) {
    prepare_descriptors();
    forbid_core_dumps();
    ignore_broken_pipes();
    if (!start_cryptography()) throw StartError("libsodium does not start");
    static_cast<void>(find_program(options.handler.front()));
    EventLoop loop;
    daemon::HandlerChildren children(loop, log);
    daemon::ServerLoop(std::move(options), loop, children, log).run();
    children.end_all();
}

}  // namespace

int main(int argc, char** argv) {
    Log log("curvecpserver", Verbosity::Errors);
    try {
        auto options = daemon::parse_options(argc, argv);
        if (!options) return 0;
        log = Log("curvecpserver", options->verbosity);
        serve(std::move(*options), log);
        return 0;
    } catch (const UsageError& error) {
        log.fatal(error.what());
        return kExitUsage;
    } catch (const std::exception& error) {
        log.fatal(error.what());
        return kExitFailure;
    }
}
