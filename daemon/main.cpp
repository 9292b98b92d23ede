// curvecpserver: listens for CurveCP connections and starts a message handler for each.
#include "curvecp/core/random.hpp"
#include "curvecp/posix/core_dump.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/pipe.hpp"
#include "curvecp/posix/program_run.hpp"
#include "daemon/config_file.hpp"
#include "daemon/control_socket.hpp"
#include "daemon/life.hpp"
#include "daemon/options.hpp"
#include "daemon/upgrade.hpp"

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

// What can be known to fail before the first client comes.
void require_possible(const daemon::Settings& settings) {
    for (const auto& service : settings.services) curvecp::require_possible(service.confinement);
}

// Descriptors that the command line names.
std::vector<int> inherited_by(const daemon::ServerOptions& options) {
    std::vector<int> descriptors;
    for (const auto& target : options.events) {
        if (const int* fd = std::get_if<int>(&target)) descriptors.push_back(*fd);
    }
    return descriptors;
}

// False where only help or the version was asked for.
bool prepare(const daemon::Invocation& invocation, daemon::ServerOptions& options) {
    forbid_core_dumps();
    ignore_broken_pipes();
    if (!start_cryptography()) throw StartError("cannot start libsodium");
    auto arguments = daemon::pointers_of(invocation.arguments());
    const int count = static_cast<int>(invocation.arguments().size());
    if (!daemon::parse_options(count, arguments.data(), options)) return false;
    return true;
}

// What the command line or the file says, at the start and at each reload.
daemon::Settings settings_of(const daemon::ServerOptions& options) {
    if (options.config.empty()) return options;
    daemon::Settings settings = daemon::read_config(options.config);
    settings.verbosity = options.verbosity;
    settings.idle_timeout = options.idle_timeout;
    return settings;
}

std::string reload(daemon::ServerLoop& server, const daemon::ServerOptions& options) {
    try {
        return server.reload(settings_of(options));
    } catch (const std::exception& error) {
        return error.what();
    }
}

// All that can be wrong is wrong in the file, or in what it names.
int check_config(const daemon::Settings& settings) {
    try {
        daemon::check_configuration(settings);
        return 0;
    } catch (const StartError& error) {
        throw UsageError(error.what());
    }
}

int check(const daemon::Invocation& invocation, daemon::ServerOptions& options) {
    prepare_descriptors();
    const auto state = MemoryFile::inherited(Fd(invocation.state()));
    if (!prepare(invocation, options)) return kExitUsage;
    daemon::ServerLoop::check_handover(settings_of(options), state.bytes());
    return 0;
}

int serve(const daemon::Invocation& invocation, daemon::ServerOptions& options,
          std::optional<daemon::Succession>& succession) {
    if (!prepare(invocation, options)) return 0;
    const daemon::Settings settings = settings_of(options);
    if (options.check_config) return check_config(settings);
    require_possible(settings);
    Log log("curvecpserver", options.verbosity, options.log_format);
    allow_connections(settings.max_connections, log);
    EventLoop loop;
    daemon::EventStream events(loop);
    for (const auto& target : options.events) subscribe(events, target);
    daemon::Reporter reporter(loop, log, events);
    daemon::HandlerChildren children(loop, reporter);
    auto server = std::make_unique<daemon::ServerLoop>(
        settings, loop, children, reporter, succession ? &succession->loop_state() : nullptr);
    if (succession) succession->take_over(*server, log);
    if (options.user) {
        server->give_up_rights(*options.user);
        require_possible(settings);
    }
    // To the very end: a second signal must not leave handlers behind.
    daemon::Life life(loop, *server, log, options.drain_timeout);
    const auto read_again = [&] {
        if (!server) return;
        life.notifier().reloading();
        reporter.on_reload(reload(*server, options));
        life.on_reloaded();
    };
    const SignalWatcher on_hup(loop, SIGHUP, read_again);
    std::optional<daemon::ControlSocket> control;
    if (!options.control.empty()) {
        control.emplace(loop, options.control, *server, events,
                        daemon::ControlSocket::Commands{[&life] { life.drain(); }, read_again});
    }
    auto upgrade = std::make_unique<daemon::Upgrade>(loop, invocation, inherited_by(options),
                                                     *server, children, log);
    if (succession) succession->finish();
    server->run();
    upgrade.reset();
    control.reset();
    life.on_stopped();
    server.reset();
    children.end_all();
    return 0;
}

int start_serving(const daemon::Invocation& invocation, daemon::ServerOptions& options) {
    prepare_descriptors();
    std::optional<daemon::Succession> none;
    return serve(invocation, options, none);
}

// Where the start fails the old program goes on.
int go_on(daemon::Invocation& invocation, daemon::ServerOptions& options) {
    occupy_low_descriptors();
    std::optional<daemon::Succession> succession(std::in_place, invocation);
    try {
        succession->read();
        if (invocation.old_program() < 0) {
            invocation.set_arguments(succession->loop_state().arguments);
        }
        return serve(invocation, options, succession);
    } catch (const std::exception& error) {
        Log log("curvecpserver", options.verbosity);
        succession->give_back(log, error.what());
        throw;
    }
}

int run(daemon::Invocation invocation, daemon::ServerOptions& options) {
    switch (invocation.purpose()) {
        case daemon::Invocation::Purpose::Start:
            return start_serving(invocation, options);
        case daemon::Invocation::Purpose::CheckHandover:
            return check(invocation, options);
        case daemon::Invocation::Purpose::Handover:
            return go_on(invocation, options);
    }
    return kExitFailure;
}

}  // namespace

int main(int argc, char** argv) {
    daemon::ServerOptions options;
    return run_program(
        "curvecpserver", options.verbosity,
        [&] { return run(daemon::Invocation(argc, argv), options); }, options.log_format);
}
