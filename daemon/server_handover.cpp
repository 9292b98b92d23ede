// What of a server goes over to the program that takes its place.
#include "daemon/handover.hpp"
#include "daemon/server.hpp"

namespace curvecp::daemon {
namespace {

// Ours, because a longer one is no label.
constexpr std::size_t kLongestLabel = 65'536;

void save_nonces(const Host& host, StateWriter& state) noexcept {
    state.put(public_key_of(*host.long_term).bytes());
    state.put_number(host.nonces.upcoming());
    state.put_number(host.nonces.left());
}

void save_name(const Service& service, StateWriter& state) noexcept {
    const auto* const label = reinterpret_cast<const std::uint8_t*>(service.label.data());
    state.put_counted({label, service.label.size()});
    state.put(service.extension.bytes());
}

void save_connection(const ClientConnection& connection, StateWriter& state) noexcept {
    connection.secured.save(state);
    state.put(connection.client_short_term.bytes());
    state.put(connection.client_long_term.bytes());
    daemon::save(connection.path, state);
    state.put(connection.client_extension.bytes());
    state.put_number(connection.number);
    state.put_number(connection.service);
}

ClientConnection load_connection(StateReader& state, KeyArena& keys,
                                 const std::vector<ServiceIndex>& services) {
    ClientConnection connection{Connection::load(state, keys), {}, {}, {}, {}, 0, 0};
    state.get(connection.client_short_term.bytes());
    state.get(connection.client_long_term.bytes());
    connection.path = load_path(state);
    state.get(connection.client_extension.bytes());
    connection.number = state.get_number();
    const std::uint64_t service = state.get_number();
    if (service >= services.size()) throw BadState("a connection without a service");
    connection.service = services[service];
    return connection;
}

}  // namespace

void Server::save(StateWriter& state) const {
    state.put_number(services_.hosts().size());
    for (const Host& host : services_.hosts()) save_nonces(host, state);
    state.put_number(services_.size());
    for (ServiceIndex i = 0; i < services_.size(); ++i) save_name(services_[i], state);
    cookies_.save(state);
    spent_.save(state);
    state.put_number(opened_);
    state.put_number(connections_.size());
    connections_.visit_all([&](ConnectionId /*id*/, const ClientConnection& connection) {
        save_connection(connection, state);
    });
}

Server::Loaded Server::load(StateReader& state) {
    load_nonces(state);
    Loaded loaded{.connections = {}, .services = load_services(state)};
    cookies_.load(state);
    spent_.load(state);
    opened_ = state.get_number();
    for (std::uint64_t left = state.get_number(); left > 0; --left) {
        loaded.connections.push_back(load_connection(state, loaded.services));
    }
    return loaded;
}

// Counters were reserved for one key: those of another are given up.
void Server::load_nonces(StateReader& state) {
    std::vector<bool> supplied(services_.hosts().size());
    for (std::uint64_t left = state.get_number(); left > 0; --left) {
        PublicKey key;
        state.get(key.bytes());
        const std::uint64_t first = state.get_number();
        const std::uint64_t count = state.get_number();
        for (std::size_t i = 0; i < supplied.size(); ++i) {
            Host& host = services_.hosts()[i];
            if (supplied[i] || public_key_of(*host.long_term) != key) continue;
            host.nonces.add_block(first, count);
            supplied[i] = true;
            break;
        }
    }
}

std::vector<ServiceIndex> Server::load_services(StateReader& state) {
    std::vector<ServiceIndex> places;
    for (std::uint64_t left = state.get_number(); left > 0; --left) {
        const auto label = state.get_counted(kLongestLabel);
        Extension extension;
        state.get(extension.bytes());
        places.push_back(services_.place_of(std::string(label.begin(), label.end()), extension));
    }
    return places;
}

ConnectionId Server::load_connection(StateReader& state,
                                     const std::vector<ServiceIndex>& services) {
    if (connections_.full()) throw BadState("more connections than are allowed");
    ClientConnection connection = daemon::load_connection(state, keys_, services);
    if (connections_.find(connection.client_short_term)) {
        throw BadState("a client is connected twice");
    }
    connection.active = now_;
    services_.add(connection.service, connection.path.peer.ip, connection.client_long_term);
    return connections_.insert(std::move(connection));
}

}  // namespace curvecp::daemon
