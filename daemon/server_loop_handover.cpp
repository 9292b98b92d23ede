// What of the loop goes over to the program that takes its place: sockets, handlers, pipes.
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/socket_activation.hpp"
#include "daemon/server_loop.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>

namespace curvecp::daemon {
namespace {

Fd fd_of(std::int64_t number) {
    return Fd(static_cast<int>(number));
}

HandlerProcess::Pipes pipes_of(const HandlerState& state) {
    return {.pid = static_cast<pid_t>(state.pid),
            .to_handler = fd_of(state.to_handler),
            .from_handler = fd_of(state.from_handler)};
}

HandlerProcess::Progress progress_of(HandlerState& state) {
    return {.unread = std::move(state.unread),
            .unwritten = std::move(state.unwritten),
            .dropped_frames = state.dropped_frames,
            .to_handler_enlarged = state.to_handler_enlarged,
            .from_handler_enlarged = state.from_handler_enlarged};
}

}  // namespace

MemoryFile ServerLoop::save(const std::vector<std::string>& arguments,
                            std::uint64_t blocked_signals) {
    for (const auto& listener : listeners_) listener->socket.flush();
    LoopState loop = loop_state();
    loop.arguments = arguments;
    loop.blocked_signals = blocked_signals;
    const auto write = [&](StateWriter writer) {
        save_magic(writer);
        daemon::save(loop, writer);
        server_.save(writer);
        return writer.size();
    };
    MemoryFile file(write(StateWriter()));
    write(StateWriter(file.bytes()));
    return file;
}

LoopState ServerLoop::loop_state() const {
    LoopState state;
    state.leaving = children_.leaving();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        state.sockets.push_back({settings_.addresses[i], listeners_[i]->socket.fd()});
    }
    for (const auto& handler : handlers_) {
        if (handler) state.handlers.push_back(state_of(*handler));
    }
    return state;
}

HandlerState ServerLoop::state_of(const Handler& handler) {
    HandlerProcess::Progress progress = handler.process.progress();
    return {.pid = handler.process.pid(),
            .to_handler = handler.process.to_handler(),
            .from_handler = handler.process.from_handler(),
            .started = handler.started,
            .bytes_in = handler.bytes_in,
            .bytes_out = handler.bytes_out,
            .dropped_frames = progress.dropped_frames,
            .unread = std::move(progress.unread),
            .unwritten = std::move(progress.unwritten),
            .to_handler_enlarged = progress.to_handler_enlarged,
            .from_handler_enlarged = progress.from_handler_enlarged};
}

void ServerLoop::leave_open_at_exec() const noexcept {
    for (const auto& listener : listeners_) clear_close_on_exec(listener->socket.fd());
    for (const auto& handler : handlers_) {
        if (!handler) continue;
        clear_close_on_exec(handler->process.to_handler());
        clear_close_on_exec(handler->process.from_handler());
    }
}

Server ServerLoop::make_server(Configuration& configuration, const Settings& settings) {
    return {std::move(configuration.hosts), std::move(configuration.services),
            settings.max_connections, now()};
}

void ServerLoop::check_handover(const Settings& settings, Bytes bytes) {
    StateReader state(bytes);
    load_magic(state);
    const LoopState loop = load_loop(state);
    Configuration configuration = configure(settings, Nonces::None);
    Server server = make_server(configuration, settings);
    static_cast<void>(load_server(settings, server, state, loop));
}

Server::Loaded ServerLoop::load_server(const Settings& settings, Server& server, StateReader& state,
                                       const LoopState& loop) {
    const auto same = [](const Address& address, const SocketState& socket) {
        return address == socket.address;
    };
    if (!std::equal(settings.addresses.begin(), settings.addresses.end(), loop.sockets.begin(),
                    loop.sockets.end(), same)) {
        throw BadState("other addresses to listen on need a restart");
    }
    auto loaded = server.load(state);
    state.finish();
    if (loaded.connections.size() != loop.handlers.size()) {
        throw BadState("connections without handlers");
    }
    for (const LeavingHandler& leaving : loop.leaving) {
        if (leaving.service >= loaded.services.size())
            throw BadState("a handler without a service");
    }
    return loaded;
}

void ServerLoop::take_over(StateReader& state, LoopState loop) {
    const auto loaded = load_server(settings_, server_, state, loop);
    // From here on nothing can fail but memory.
    for (std::size_t i = 0; i < loop.handlers.size(); ++i) {
        adopt(loaded.connections[i], loop.handlers[i]);
    }
    for (LeavingHandler& leaving : loop.leaving) {
        leaving.service = loaded.services[leaving.service];
        children_.add(leaving);
    }
    for (const SocketState& socket : loop.sockets) fd_of(socket.fd).reset();
    name_services();
    shed_hellos(0);  // whatever the other program had told the kernel
    deadline_.set(server_.next_deadline());
    for (const ConnectionId id : server_.revoked()) end(id, {kKeyRevoked});
}

void ServerLoop::adopt(ConnectionId id, HandlerState& state) {
    if (handlers_.size() <= id.slot) handlers_.resize(id.slot + 1);
    children_.add(static_cast<pid_t>(state.pid), id, server_.connection(id).number);
    auto& handler = handlers_[id.slot];
    handler = std::make_unique<Handler>(
        pipes_of(state), progress_of(state), loop_, pipe_budget_,
        [this, id] { on_handler_readable(id); }, state.started);
    handler->bytes_in = state.bytes_in;
    handler->bytes_out = state.bytes_out;
}

UdpSocket ServerLoop::socket_at(const Address& address, const LoopState* inherited) {
    const std::size_t number = listeners_.size();
    if (inherited != nullptr && number < inherited->sockets.size() &&
        inherited->sockets[number].address == address) {
        // The inherited one stays open: the old program may still have to go on with it.
        const auto fd = static_cast<int>(inherited->sockets[number].fd);
        Fd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
        if (!own) throw StartError("inherited socket", errno);
        return UdpSocket::inherited(std::move(own), address);
    }
    try {
        if (inherited_sockets() == 0) return UdpSocket::bind(address);
        Fd given = inherited_udp_socket(address);
        if (!given) throw StartError("no inherited UDP socket is bound to " + to_text(address));
        return UdpSocket::adopt(std::move(given));
    } catch (const StartError& error) {
        reporter_.on_bind_failed(address, error.error());
        throw;
    }
}

}  // namespace curvecp::daemon
