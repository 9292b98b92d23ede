// curvecpserver: listens for CurveCP connections and starts a message handler for each.
#include "curvecp/core/random.hpp"
#include "curvecp/posix/core_dump.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/pipe.hpp"
#include "curvecp/posix/program_run.hpp"
#include "daemon/options.hpp"
#include "daemon/server_loop.hpp"

#include <csignal>

namespace {

using namespace curvecp;

// Two pipes for each connection, and what the server has anyhow.
void allow_connections(std::size_t connections, Log& log) {
    constexpr std::size_t kOwn = 64;  // ours: some are free for the start of handlers
    const std::size_t allowed = allow_descriptors(2 * connections + kOwn);
    if (allowed >= 2 * connections + kOwn) return;
    log.error("option -c ", connections, ": only ", allowed,
              " descriptors are allowed, enough for ", (std::max(allowed, kOwn) - kOwn) / 2,
              " connections");
}

void subscribe(daemon::EventStream& events, const daemon::EventTarget& target) {
    if (const auto* path = std::get_if<std::string>(&target)) {
        events.listen(*path);
    } else {
        events.write_to(std::get<int>(target));
    }
}

int serve(int argc, char** argv, daemon::ServerOptions& options) {
    prepare_descriptors();
    forbid_core_dumps();
    ignore_broken_pipes();
    if (!start_cryptography()) throw StartError("cannot start libsodium");
    if (!daemon::parse_options(argc, argv, options)) return 0;
    Log log("curvecpserver", options.verbosity);
    allow_connections(options.max_connections, log);
    EventLoop loop;
    daemon::EventStream events(loop);
    for (const auto& target : options.events) subscribe(events, target);
    daemon::Reporter reporter(loop, log, events);
    daemon::HandlerChildren children(loop, reporter);
    auto server = std::make_unique<daemon::ServerLoop>(options, loop, children, reporter);
    // To the very end: a second signal must not leave handlers behind.
    const SignalWatcher on_term(loop, SIGTERM, [&loop] { loop.stop(); });
    const SignalWatcher on_int(loop, SIGINT, [&loop] { loop.stop(); });
    const SignalWatcher on_hup(loop, SIGHUP, [&] { reporter.on_reload(server->reload(options)); });
    server->run();
    server.reset();
    children.end_all();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    daemon::ServerOptions options;
    return run_program("curvecpserver", options.verbosity,
                       [&] { return serve(argc, argv, options); });
}
