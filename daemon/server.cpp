#include "daemon/server.hpp"

#include <utility>

namespace curvecp::daemon {

Server::Server(ServerIdentity identity, LongTermNonces nonces, std::size_t max_connections,
               TimePoint now)
    : identity_(std::move(identity)),
      nonces_(std::move(nonces)),
      cookies_(now),
      keys_(max_connections),
      connections_(max_connections) {}

bool Server::keys_locked() const noexcept {
    return keys_.locked() && identity_.long_term.locked();
}

Server::Action Server::on_datagram(TimePoint now, const Path& path, MutableBytes datagram) {
    on_deadline(now);
    Action action =
        std::visit([&](const auto& packet) -> Action { return on_packet(path, packet); },
                   classify_to_server(datagram));
    if (const auto* reason = std::get_if<DropReason>(&action)) dropped_.count(*reason);
    return action;
}

void Server::on_deadline(TimePoint now) {
    if (now < cookies_.next_rotation()) return;
    cookies_.rotate(now);
    spent_.expire(cookies_.oldest());
}

Server::Action Server::on_packet(const Path& /*path*/, NotAPacket packet) {
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

Server::Action Server::on_packet(const Path& /*path*/, const Hello& hello) {
    if (const auto reason =
            answer_hello(hello, identity_, cookies_, nonces_, Cookie{std::span(answer_)})) {
        return *reason;
    }
    return Reply{answer_};
}

Server::Action Server::on_packet(const Path& path, const Initiate& initiate) {
    const PublicKey client(field<Initiate::ClientShortTerm>(initiate.bytes));
    if (const auto connected = connections_.find(client)) {
        return receive(
            *connected, path, Extension(field<Initiate::ClientExtension>(initiate.bytes)),
            CountedBox::Initiate, NonceCounter::load(field<Initiate::NonceTail>(initiate.bytes)),
            initiate.box(), Initiate::kMessageOffset);
    }
    if (const auto reason = reason_to_refuse(client)) return *reason;
    auto accepted = accept_initiate(initiate, identity_, cookies_);
    if (const auto* reason = std::get_if<DropReason>(&accepted)) return *reason;
    auto& opened = std::get<AcceptedInitiate>(accepted);
    if (spent_.full(opened.minute_key)) return DropReason::SpentCookiesFull;
    const MutableBytes frame = frame_around(initiate.bytes, opened.message);
    return Open{std::move(opened), path, frame};
}

Server::Action Server::on_packet(const Path& path, const ClientMessage& message) {
    const auto connected =
        connections_.find(PublicKey(field<ClientMessage::ClientShortTerm>(message.bytes)));
    if (!connected) return DropReason::UnknownClient;
    return receive(
        *connected, path, Extension(field<ClientMessage::ClientExtension>(message.bytes)),
        CountedBox::ClientMessage,
        NonceCounter::load(field<ClientMessage::NonceTail>(message.bytes)), message.box(), 0);
}

std::optional<DropReason> Server::reason_to_refuse(const PublicKey& client) const {
    if (connections_.full()) return DropReason::ServerFull;
    if (spent_.contains(client)) return DropReason::CookieSpent;
    return std::nullopt;
}

Server::Action Server::receive(ConnectionId id, const Path& path, const Extension& extension,
                               CountedBox kind, NonceCounter nonce, MutableBytes box,
                               std::size_t skip) {
    ClientConnection& connection = connections_[id];
    const auto result = connection.secured.open(kind, nonce, box);
    if (const auto* reason = std::get_if<DropReason>(&result)) return *reason;
    const auto& opened = std::get<Connection::Opened>(result);
    const Deliver delivery{id, frame_around(box, opened.plaintext.subspan(skip))};
    if (!opened.newest) return delivery;
    connection.client_extension = extension;
    if (connection.path == path) return delivery;
    moved_from_ = std::exchange(connection.path, path);
    return Deliver{delivery.connection, delivery.frame, &moved_from_};
}

ConnectionId Server::on_handler_started(Open open) {
    AcceptedInitiate& initiate = open.initiate;
    // The arena has as many places as the table, and on_datagram() saw one free.
    auto key = keys_.store(std::move(initiate.client_short_server_short));
    Connection secured(std::move(key.value()), NonceSequence::random());
    secured.accept(initiate.nonce);
    spent_.insert(initiate.client_short_term, initiate.minute_key);
    return connections_.insert(ClientConnection{std::move(secured), initiate.client_short_term,
                                                initiate.client_long_term, open.path,
                                                initiate.client_extension, ++opened_});
}

bool Server::seal_message(ConnectionId id, Bytes message, MutableBytes packet) noexcept {
    ClientConnection& connection = connections_[id];
    const ServerMessage sealed{packet};
    write_magic(sealed);
    copy(connection.client_extension.bytes(), field<ServerMessage::ClientExtension>(packet));
    copy(identity_.extension.bytes(), field<ServerMessage::ServerExtension>(packet));
    return connection.secured.seal(CountedBox::ServerMessage,
                                   field<ServerMessage::NonceTail>(packet), sealed.box(), message);
}

}  // namespace curvecp::daemon
