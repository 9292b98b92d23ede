#include "client/client.hpp"

#include "curvecp/core/hex.hpp"

#include <stdexcept>

namespace curvecp::client {
namespace {

bool contains(const auto& values, const auto& value) noexcept {
    return std::find(values.begin(), values.end(), value) != values.end();
}

// Whether a packet's two extensions are those of this connection.
template <class Packet>
bool has_extensions(const Packet& packet, const Extension& server,
                    std::span<const Extension> client) noexcept {
    return Extension(field<typename Packet::ServerExtension>(packet.bytes)) == server &&
           contains(client, Extension(field<typename Packet::ClientExtension>(packet.bytes)));
}

// Only what Connection::open() answers can come up.
Fault to_fault(DropReason reason) noexcept {
    if (reason == DropReason::Repeated) return Fault::Repeated;
    if (reason == DropReason::TooOld) return Fault::TooOld;
    return Fault::BadMessage;
}

}  // namespace

Client::Client(TimePoint now, Setup setup)
    : server_extension_(setup.server.extension),
      extensions_{setup.extension, setup.extension},
      extension_set_(now),
      locked_(arena_.locked() && setup.identity.secret_key.locked()),
      state_(begin(now, std::move(setup))) {}

Client::AwaitingCookie Client::begin(TimePoint now, Setup setup) {
    auto greeting = ClientGreeting::start(setup.server);
    if (!greeting) {
        throw std::invalid_argument("pk " + to_hex(setup.server.long_term.bytes()) +
                                    ": a low-order point is nobody's public key");
    }
    return {std::move(*greeting), std::move(setup.identity), std::move(setup.nonces),
            RetrySchedule(now, std::move(setup.addresses))};
}

std::optional<HelloPacket> Client::next_hello(TimePoint now) {
    auto* awaiting = std::get_if<AwaitingCookie>(&state_);
    if (awaiting == nullptr) return std::nullopt;
    const auto to = awaiting->schedule.next(now);
    if (!to) return std::nullopt;
    HelloPacket packet{*to, {}};
    awaiting->greeting.write_hello(extensions_[0], Hello{packet.bytes});
    return packet;
}

std::optional<TimePoint> Client::next_deadline() const noexcept {
    const auto* awaiting = std::get_if<AwaitingCookie>(&state_);
    if (awaiting == nullptr) return std::nullopt;
    return awaiting->schedule.next_deadline();
}

bool Client::gave_up(TimePoint now) const noexcept {
    const auto* awaiting = std::get_if<AwaitingCookie>(&state_);
    return awaiting != nullptr && awaiting->schedule.gave_up(now);
}

void Client::on_icmp_error(TimePoint now) noexcept {
    if (auto* awaiting = std::get_if<AwaitingCookie>(&state_)) awaiting->schedule.hurry(now);
}

std::span<const Address> Client::asked() const noexcept {
    const auto* awaiting = std::get_if<AwaitingCookie>(&state_);
    return awaiting == nullptr ? std::span<const Address>() : awaiting->schedule.asked();
}

void Client::set_extension(TimePoint now, const Extension& extension) noexcept {
    extension_set_ = now;
    if (extension == extensions_[0]) return;
    extensions_ = {extension, extensions_[0]};
}

Action Client::on_datagram(const Address& from, MutableBytes datagram) {
    const PacketToClient packet = classify_to_client(datagram);
    if (const auto* message = std::get_if<ServerMessage>(&packet)) {
        return on_message(from, *message);
    }
    if (const auto* cookie = std::get_if<Cookie>(&packet)) return on_cookie(from, *cookie);
    return Drop{Fault::NotAPacket};
}

Action Client::on_cookie(const Address& from, const Cookie& cookie) {
    auto* awaiting = std::get_if<AwaitingCookie>(&state_);
    if (awaiting == nullptr) return Drop{Fault::Unexpected};
    if (!contains(awaiting->schedule.asked(), from)) return Drop{Fault::WrongSender};
    if (!has_extensions(cookie, server_extension_, extensions_)) {
        ++bad_cookies_;
        return Drop{Fault::WrongExtension};
    }
    auto answered = awaiting->greeting.on_cookie(cookie, extensions_, awaiting->identity,
                                                 awaiting->nonces, arena_);
    if (!answered) {
        ++bad_cookies_;
        return Drop{Fault::BadCookie};
    }
    server_ = from;
    client_short_term_ = answered->client_short_term;
    state_ = Initiating{std::move(answered->initiation), std::move(answered->connection)};
    return StartHandler{server_};
}

Action Client::on_message(const Address& from, const ServerMessage& message) {
    Connection* const open_connection = connection();
    if (open_connection == nullptr) return Drop{Fault::Unexpected};
    if (from != server_) return Drop{Fault::WrongSender};
    if (!has_extensions(message, server_extension_, extensions_)) {
        return Drop{Fault::WrongExtension};
    }
    const auto nonce = NonceCounter::load(field<ServerMessage::NonceTail>(message.bytes));
    const auto opened = open_connection->open(CountedBox::ServerMessage, nonce, message.box());
    if (const auto* reason = std::get_if<DropReason>(&opened)) return Drop{to_fault(*reason)};
    become_connected();
    const MutableBytes plaintext = std::get<Connection::Opened>(opened).plaintext;
    return Deliver{frame_around(message.bytes, plaintext)};
}

Connection* Client::connection() noexcept {
    if (auto* connected = std::get_if<Connected>(&state_)) return &connected->connection;
    if (auto* initiating = std::get_if<Initiating>(&state_)) return &initiating->connection;
    return nullptr;
}

void Client::become_connected() {
    auto* initiating = std::get_if<Initiating>(&state_);
    if (initiating == nullptr) return;
    state_ = Connected{std::move(initiating->connection)};
}

std::optional<std::size_t> Client::packet_size(std::size_t message_size) const noexcept {
    if (connected()) return ClientMessage::kOverhead + message_size;
    const bool initiating = std::holds_alternative<Initiating>(state_);
    if (!initiating || message_size > kMaxInitiateMessageSize) return std::nullopt;
    return Initiate::kOverhead + message_size;
}

bool Client::seal_message(Bytes message, MutableBytes packet) noexcept {
    if (auto* connected = std::get_if<Connected>(&state_)) {
        return seal_client_message(connected->connection, message, ClientMessage{packet});
    }
    auto* initiating = std::get_if<Initiating>(&state_);
    if (initiating == nullptr) return false;
    return initiating->initiation.write(initiating->connection, extensions_[0], message,
                                        Initiate{packet});
}

bool Client::seal_client_message(Connection& connection, Bytes message,
                                 const ClientMessage& packet) const noexcept {
    write_magic(packet);
    copy(server_extension_.bytes(), field<ClientMessage::ServerExtension>(packet.bytes));
    copy(extensions_[0].bytes(), field<ClientMessage::ClientExtension>(packet.bytes));
    copy(client_short_term_.bytes(), field<ClientMessage::ClientShortTerm>(packet.bytes));
    return connection.seal(CountedBox::ClientMessage, field<ClientMessage::NonceTail>(packet.bytes),
                           packet.box(), message);
}

}  // namespace curvecp::client
