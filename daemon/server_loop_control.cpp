// What an operator sees of a ServerLoop, and may do with it.
#include "curvecp/core/json.hpp"
#include "curvecp/posix/clock.hpp"
#include "daemon/server_loop.hpp"

namespace curvecp::daemon {

std::optional<ConnectionStatus> ServerLoop::status(ConnectionId id, TimePoint time) const {
    if (id.slot >= handlers_.size() || !handlers_[id.slot]) return std::nullopt;
    const Handler& handler = *handlers_[id.slot];
    const ClientConnection& connection = server_.connection(id);
    return ConnectionStatus{.number = connection.number,
                            .name = name_of(connection),
                            .key = connection.client_long_term,
                            .remote = connection.path.peer,
                            .service = server_.service(connection.service).label,
                            .handler = handler.process.pid(),
                            .age = time - handler.started,
                            .idle = time - connection.active,
                            .bytes_in = handler.bytes_in,
                            .bytes_out = handler.bytes_out,
                            .rate = handler.rate.rate(time, handler.bytes_in + handler.bytes_out)};
}

std::string ServerLoop::name_of(const ClientConnection& connection) const {
    const auto& keys = server_.service(connection.service).policy.keys;
    const auto* const key = keys ? keys->find(connection.client_long_term) : nullptr;
    return key == nullptr ? std::string() : key->name;
}

std::string ServerLoop::status_json() const {
    std::string line = R"({"v":1,"local":[)";
    for (const auto& listener : listeners_) {
        if (line.back() != '[') line += ',';
        append_json_string(line, to_text(listener->socket.local_address()));
    }
    line += R"(],"draining":)";
    line += server_.draining() ? "true" : "false";
    return line + R"(,"connections":[)";
}

Metrics ServerLoop::metrics() const {
    Metrics metrics{.uptime = now() - start_,
                    .draining = server_.draining(),
                    .connections = server_.connections(),
                    .most_connections = settings_.max_connections,
                    .opened = server_.next_number() - 1,
                    .bytes_in = bytes_in_,
                    .bytes_out = bytes_out_,
                    .dropped = server_.dropped(),
                    .events_lost = reporter_.events().lost()};
    for (std::size_t i = 0; i < kEventKinds; ++i) {
        metrics.events[i] = reporter_.events().told(static_cast<EventKind>(i));
    }
    return metrics;
}

std::size_t ServerLoop::kill(const ConnectionSelector& selector) {
    std::size_t ended = 0;
    for (std::uint32_t slot = 0; slot < slots(); ++slot) {
        if (!handlers_[slot]) continue;
        const ClientConnection& connection = server_.connection(ConnectionId{slot});
        if (!selector.matches(connection.number, connection.client_long_term,
                              connection.path.peer)) {
            continue;
        }
        end_with_handler(ConnectionId{slot}, "an operator ended it");
        ++ended;
    }
    return ended;
}

void ServerLoop::end_with_handler(ConnectionId id, std::string_view reason) {
    const pid_t handler = handlers_[id.slot]->process.pid();
    end(id, {reason});
    children_.terminate(handler);
}

void ServerLoop::end_idle(TimePoint time) {
    for (const ConnectionId id : server_.idle_connections(time)) {
        end_with_handler(id, "both sides are silent");
    }
}

void ServerLoop::drain() {
    server_.drain();
    stop_where_drained();
}

void ServerLoop::stop_where_drained() {
    if (server_.draining() && server_.connections() == 0) loop_.stop();
}

}  // namespace curvecp::daemon
