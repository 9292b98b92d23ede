// A server and clients that talk to it by the client's half of the handshake, all in memory.
#pragma once

#include "curvecp/core/client_handshake.hpp"
#include "daemon/server.hpp"

#include <memory>
#include <vector>

#include <doctest/doctest.h>

namespace curvecp::daemon {

using Packet = std::vector<std::uint8_t>;

inline Path path_from(std::uint16_t port) {
    return {Address{*parse_ip("192.0.2.1"), port}, *parse_ip("198.51.100.1")};
}

inline LongTermNonces nonces_for_tests(std::uint64_t count = 1000) {
    LongTermNonces nonces{Locked<NonceKey>(NonceKey())};
    nonces.add_block(0, count);
    return nonces;
}

inline Extension extension_of(std::uint8_t byte) {
    Extension extension;
    extension.bytes()[0] = byte;
    return extension;
}

inline ServerName name_of(std::string_view text) {
    return parse_server_name(text).value();
}

// A client up to its Initiate.
class TestClient {
  public:
    explicit TestClient(const PublicKey& server, Extension extension = extension_of(7),
                        std::string_view name = "server.test")
        : greeting_(ClientGreeting::start({server, extension_of(1), name_of(name)}).value()),
          extension_(extension) {}

    [[nodiscard]] Packet hello() {
        Packet packet(Hello::kSize);
        greeting_.write_hello(extension_, Hello{std::span<std::uint8_t, Hello::kSize>(packet)});
        return packet;
    }
    [[nodiscard]] bool take_cookie(Bytes cookie) {
        Packet copy(cookie.begin(), cookie.end());
        answered_ = greeting_.on_cookie(Cookie{std::span<std::uint8_t, Cookie::kSize>(copy)},
                                        std::span(&extension_, 1), *identity_, nonces_, arena_);
        return answered_.has_value();
    }
    [[nodiscard]] Packet initiate(std::size_t message_size = 192, std::uint8_t fill = 0) {
        Packet packet(Initiate::kOverhead + message_size);
        const Packet message(message_size, fill);
        REQUIRE(answered_->initiation.write(answered_->connection, extension_, message,
                                            Initiate{packet}));
        return packet;
    }
    [[nodiscard]] Packet message(std::size_t size = 192, std::uint8_t fill = 0) {
        Packet packet(ClientMessage::kOverhead + size);
        const ClientMessage sealed{packet};
        write_magic(sealed);
        copy(extension_of(1).bytes(), field<ClientMessage::ServerExtension>(std::span(packet)));
        copy(extension_.bytes(), field<ClientMessage::ClientExtension>(std::span(packet)));
        copy(answered_->client_short_term.bytes(),
             field<ClientMessage::ClientShortTerm>(std::span(packet)));
        REQUIRE(answered_->connection.seal(CountedBox::ClientMessage,
                                           field<ClientMessage::NonceTail>(std::span(packet)),
                                           sealed.box(), Packet(size, fill)));
        return packet;
    }
    // The plaintext of a server's Message.
    [[nodiscard]] std::optional<Packet> open(Packet packet) {
        const ServerMessage sealed{packet};
        const auto result = answered_->connection.open(
            CountedBox::ServerMessage,
            NonceCounter::load(field<ServerMessage::NonceTail>(std::span(packet))), sealed.box());
        const auto* opened = std::get_if<Connection::Opened>(&result);
        if (opened == nullptr) return std::nullopt;
        return Packet(opened->plaintext.begin(), opened->plaintext.end());
    }
    // Says, without being able to prove it, that it is somebody else.
    void claim(const PublicKey& long_term) { identity_->public_key = Wiped<PublicKey>(long_term); }
    // Is the same client once more.
    void become(const TestClient& other) {
        identity_ = std::make_unique<ClientIdentity>(
            ClientIdentity{other.identity_->public_key,
                           Locked<SecretKey>(SecretKey(other.identity_->secret_key->reveal()))});
    }
    void move_to(Extension extension) { extension_ = extension; }
    [[nodiscard]] const PublicKey& long_term() const { return *identity_->public_key; }

  private:
    static ClientIdentity make_identity() {
        KeyPair pair = make_key_pair();
        return {pair.public_key, Locked<SecretKey>(std::move(pair.secret_key))};
    }

    ClientGreeting greeting_;
    Extension extension_;
    std::unique_ptr<ClientIdentity> identity_ = std::make_unique<ClientIdentity>(make_identity());
    LongTermNonces nonces_ = nonces_for_tests();
    KeyArena arena_{4};
    std::optional<ClientGreeting::Answered> answered_;
};

class ServerFixture {
  public:
    explicit ServerFixture(std::size_t max_connections = 10) : max_connections_(max_connections) {}

    [[nodiscard]] TestClient client() { return TestClient(keys_.public_key); }
    [[nodiscard]] Server::Action send(Packet& datagram, std::uint16_t port = 4000) {
        return server_.on_datagram(now_, path_from(port), datagram);
    }
    // What the server did where it dropped the datagram; nullopt where it did not.
    [[nodiscard]] std::optional<DropReason> drops(Packet datagram, std::uint16_t port = 4000) {
        const auto action = send(datagram, port);
        if (const auto* refused = std::get_if<Server::Refuse>(&action)) return refused->reason;
        const auto* reason = std::get_if<DropReason>(&action);
        return reason == nullptr ? std::nullopt : std::optional(*reason);
    }
    [[nodiscard]] bool greet(TestClient& client) {
        Packet hello = client.hello();
        const auto action = send(hello);
        const auto* reply = std::get_if<Server::Reply>(&action);
        return reply != nullptr && client.take_cookie(reply->packet);
    }
    // Lets an Initiate in and starts its handler.
    [[nodiscard]] std::optional<ConnectionId> open(Packet initiate, std::uint16_t port = 4000) {
        auto action = send(initiate, port);
        auto* request = std::get_if<Server::Open>(&action);
        if (request == nullptr) return std::nullopt;
        return server_.on_handler_started(std::move(*request));
    }

    KeyPair keys_ = make_key_pair();
    std::size_t max_connections_;
    TimePoint now_{std::chrono::hours(1)};
    Server server_{ServerIdentity{Locked<SecretKey>(SecretKey(keys_.secret_key.reveal())),
                                  name_of("server.test"), extension_of(1)},
                   nonces_for_tests(), max_connections_, now_};
};

}  // namespace curvecp::daemon
