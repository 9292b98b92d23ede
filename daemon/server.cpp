#include "daemon/server.hpp"

#include <algorithm>
#include <utility>

namespace curvecp::daemon {
namespace {

std::vector<Host> only_host(ServerIdentity& identity, LongTermNonces nonces) {
    std::vector<Host> hosts;
    hosts.push_back({identity.extension, std::move(identity.long_term), std::move(nonces)});
    return hosts;
}

std::vector<Service> only_service(const ServerIdentity& identity) {
    std::vector<Service> services(1);
    services[0].extension = identity.extension;
    services[0].names.push_back(identity.name);
    return services;
}

}  // namespace

Server::Server(std::vector<Host> hosts, std::vector<Service> services, std::size_t max_connections,
               TimePoint now)
    : services_(std::move(hosts), std::move(services)),
      cookies_(now),
      keys_(max_connections),
      connections_(max_connections),
      now_(now) {}

Server::Server(ServerIdentity identity, LongTermNonces nonces, std::size_t max_connections,
               TimePoint now)
    : Server(only_host(identity, std::move(nonces)), only_service(identity), max_connections, now) {
}

bool Server::keys_locked() const noexcept {
    const auto& hosts = services_.hosts();
    return keys_.locked() && std::all_of(hosts.begin(), hosts.end(),
                                         [](const Host& host) { return host.long_term.locked(); });
}

Server::Action Server::on_datagram(TimePoint now, const Path& path, MutableBytes datagram) {
    on_deadline(now);
    return counted(
        std::visit([&](const auto& packet) -> Action { return on_packet(now, path, packet); },
                   classify_to_server(datagram)));
}

Server::Action Server::counted(Action action) noexcept {
    if (const auto* reason = std::get_if<DropReason>(&action)) dropped_.count(*reason);
    if (const auto* refused = std::get_if<Refuse>(&action)) dropped_.count(refused->reason);
    return action;
}

void Server::on_deadline(TimePoint now) {
    now_ = now;
    if (now < cookies_.next_rotation()) return;
    cookies_.rotate(now);
    spent_.expire(cookies_.oldest());
}

Server::Action Server::on_packet(TimePoint /*now*/, const Path& /*path*/, NotAPacket packet) {
    switch (packet.kind) {
        case Malformed::None:
            return DropReason::NotAPacket;
        case Malformed::Hello:
            return DropReason::MalformedHello;
        case Malformed::Initiate:
            return DropReason::MalformedInitiate;
        case Malformed::Message:
            return DropReason::MalformedMessage;
    }
    return DropReason::NotAPacket;
}

Server::Action Server::on_packet(TimePoint /*now*/, const Path& path, const Hello& hello) {
    if (!services_.allow(path.peer.ip)) return DropReason::DeniedAddress;
    if (draining_) return DropReason::Draining;
    const Extension extension(field<Hello::ServerExtension>(hello.bytes));
    DropReason reason = DropReason::WrongExtension;
    for (Host& host : services_.hosts()) {
        if (host.extension != extension) continue;
        const auto failed = answer_hello(hello, extension, *host.long_term, cookies_, host.nonces,
                                         Cookie{std::span(answer_).first<Cookie::kSize>()});
        if (!failed) return Reply{Bytes(answer_).first<Cookie::kSize>()};
        reason = *failed;
        // Only a box that did not open may be meant for another key.
        if (reason != DropReason::BadHello) break;
    }
    return reason;
}

Server::Action Server::on_packet(TimePoint now, const Path& path, const Initiate& initiate) {
    const PublicKey client(field<Initiate::ClientShortTerm>(initiate.bytes));
    if (const auto connected = connections_.find(client)) {
        return receive(
            *connected, path, Extension(field<Initiate::ClientExtension>(initiate.bytes)),
            CountedBox::Initiate, NonceCounter::load(field<Initiate::NonceTail>(initiate.bytes)),
            initiate.box(), Initiate::kMessageOffset);
    }
    if (draining_) return DropReason::Draining;
    if (const auto reason = reason_to_ignore(path, initiate)) return *reason;
    auto result = open_initiate(initiate, cookies_);
    if (const auto* reason = std::get_if<DropReason>(&result)) return *reason;
    auto& opened = std::get<OpenedInitiate>(result);
    const auto meant =
        services_.find(Extension(field<Initiate::ServerExtension>(initiate.bytes)), opened.name);
    if (!meant) return DropReason::WrongServerName;
    return judge(now, path, initiate.bytes, std::move(opened), *meant);
}

Server::Action Server::on_packet(TimePoint /*now*/, const Path& path,
                                 const ClientMessage& message) {
    const auto connected =
        connections_.find(PublicKey(field<ClientMessage::ClientShortTerm>(message.bytes)));
    if (!connected) return DropReason::UnknownClient;
    return receive(
        *connected, path, Extension(field<ClientMessage::ClientExtension>(message.bytes)),
        CountedBox::ClientMessage,
        NonceCounter::load(field<ClientMessage::NonceTail>(message.bytes)), message.box(), 0);
}

Server::Action Server::receive(ConnectionId id, const Path& path, const Extension& extension,
                               CountedBox kind, NonceCounter nonce, MutableBytes box,
                               std::size_t skip) {
    ClientConnection& connection = connections_[id];
    const IpAddress ip = connection.path.peer.ip;
    const bool elsewhere = path.peer.ip != ip;
    if (elsewhere && !may_be_at(connection, path.peer.ip)) return DropReason::DeniedAddress;
    const auto result = connection.secured.open(kind, nonce, box);
    if (const auto* reason = std::get_if<DropReason>(&result)) return *reason;
    const auto& opened = std::get<Connection::Opened>(result);
    const Deliver delivery{id, frame_around(box, opened.plaintext.subspan(skip))};
    connection.active = now_;
    if (!opened.newest) return delivery;
    if (connection.path == path) {
        connection.client_extension = extension;
        return delivery;
    }
    if (!may_move(connection)) return delivery;
    connection.client_extension = extension;
    if (elsewhere) services_.move(connection.service, ip, path.peer.ip);
    moved_from_ = std::exchange(connection.path, path);
    return Deliver{delivery.connection, delivery.frame, &moved_from_};
}

// As a token bucket in one point of time: when it would be full again.
bool Server::may_move(ClientConnection& connection) const noexcept {
    const TimePoint full = std::max(connection.moves_full, now_);
    if (full - now_ > (kMovesAtOnce - 1) * kMoveInterval) return false;
    connection.moves_full = full + kMoveInterval;
    return true;
}

std::vector<ConnectionId> Server::idle_connections(TimePoint now) {
    std::vector<ConnectionId> idle;
    if (!idle_timeout_ || (next_idle_ && *next_idle_ > now)) return idle;
    std::optional<TimePoint> next;
    connections_.visit_all([&](ConnectionId id, const ClientConnection& connection) {
        const TimePoint end = connection.active + *idle_timeout_;
        if (end <= now) {
            idle.push_back(id);
        } else {
            next = earlier(next, end);
        }
    });
    // No more than once a second, however many connections there are.
    next_idle_ = next ? std::optional(std::max(*next, now + std::chrono::seconds(1))) : next;
    return idle;
}

ConnectionId Server::on_handler_started(Open open) {
    AcceptedInitiate& initiate = open.initiate;
    // The arena has as many places as the table, and on_datagram() saw one free.
    auto key = keys_.store(std::move(initiate.client_short_server_short));
    Connection secured(std::move(key.value()), NonceSequence::random());
    secured.accept(initiate.nonce);
    spent_.insert(initiate.client_short_term, initiate.minute_key);
    const ConnectionId id = connections_.insert(ClientConnection{
        std::move(secured), initiate.client_short_term, initiate.client_long_term, open.path,
        initiate.client_extension, ++opened_, open.meant.service, now_});
    if (idle_timeout_) next_idle_ = earlier(next_idle_, now_ + *idle_timeout_);
    try {
        services_.add_new(open.meant.service, now_, open.path.peer.ip, initiate.client_long_term);
    } catch (...) {
        connections_.erase(id);
        throw;
    }
    return id;
}

void Server::on_handler_end(ConnectionId id) {
    const ClientConnection& connection = connections_[id];
    services_.remove(connection.service, connection.path.peer.ip, connection.client_long_term);
    connections_.erase(id);
}

bool Server::seal_message(ConnectionId id, Bytes message, MutableBytes packet) noexcept {
    ClientConnection& connection = connections_[id];
    const ServerMessage sealed{packet};
    write_magic(sealed);
    copy(connection.client_extension.bytes(), field<ServerMessage::ClientExtension>(packet));
    copy(services_[connection.service].extension.bytes(),
         field<ServerMessage::ServerExtension>(packet));
    return connection.secured.seal(CountedBox::ServerMessage,
                                   field<ServerMessage::NonceTail>(packet), sealed.box(), message);
}

}  // namespace curvecp::daemon
