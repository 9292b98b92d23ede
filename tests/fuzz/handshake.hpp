// A real server and real clients in memory, as far as a target needs them to be acquainted.
#pragma once

#include "client/client.hpp"
#include "curvecp/core/random.hpp"
#include "daemon/server.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/seeded_random.hpp"

namespace curvecp::fuzz {

constexpr TimePoint kStart{std::chrono::hours(1)};
constexpr std::size_t kMaxConnections = 2;

inline Address address_of(std::uint8_t number) {
    return {IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number}), 10000};
}
inline Address server_address() {
    return address_of(1);
}
inline ServerName server_name() {
    return parse_server_name("service.example.org").value();
}
inline LongTermNonces nonces(std::uint64_t count) {
    LongTermNonces made{Locked<NonceKey>(NonceKey())};
    made.add_block(0, count);
    return made;
}
inline void start() {
    static const bool started = start_cryptography();
    require(started, "libsodium starts");
}

// The keys come first in a target's members: the rest is made of them, and of this seed.
struct Keys {
    testing::SeededRandom random{1};
    KeyPair server = make_key_pair();
};

inline daemon::Server make_server(const Keys& keys) {
    return {ServerIdentity{Locked<SecretKey>(SecretKey(keys.server.secret_key.reveal())),
                           server_name(), Extension()},
            nonces(1000), kMaxConnections, kStart};
}

class Visitor {
  public:
    explicit Visitor(const Keys& keys) : client_(kStart, setup(keys)) {}

    // Empty where none is due.
    Buffer hello(TimePoint now) {
        const auto packet = client_.next_hello(now);
        return packet ? copy_of(packet->bytes) : Buffer();
    }
    // An Initiate or a Message.
    Buffer seal(std::size_t size) {
        Buffer packet(client_.packet_size(size).value());
        require(client_.seal_message(Buffer(size, 7), packet), "a message is sealed");
        return packet;
    }
    client::Client& client() { return client_; }

  private:
    static client::Setup setup(const Keys& keys) {
        KeyPair own = make_key_pair();
        return {.identity = {own.public_key, Locked<SecretKey>(std::move(own.secret_key))},
                .nonces = nonces(1),
                .server = {keys.server.public_key, Extension(), server_name()},
                .addresses = {server_address()},
                .extension = Extension()};
    }

    client::Client client_;
};

// The server's answer to a Hello.
inline Buffer ask(daemon::Server& server, TimePoint now, Buffer hello) {
    const auto action = server.on_datagram(now, Path{address_of(2), IpAddress()}, hello);
    const auto* reply = std::get_if<daemon::Server::Reply>(&action);
    require(reply != nullptr, "a Hello is answered");
    return copy_of(reply->packet);
}

// The connection that an Initiate opens; nullopt where its cookie is too old.
inline std::optional<daemon::ConnectionId> admit(daemon::Server& server, TimePoint now,
                                                 Buffer initiate) {
    auto action = server.on_datagram(now, Path{address_of(2), IpAddress()}, initiate);
    auto* open = std::get_if<daemon::Server::Open>(&action);
    const auto* reason = std::get_if<DropReason>(&action);
    require(open != nullptr || (reason != nullptr && *reason == DropReason::CookieExpired),
            "an Initiate opens a connection");
    if (open == nullptr) return std::nullopt;
    return server.on_handler_started(std::move(*open));
}

// A Message of the server's.
inline Buffer answer(daemon::Server& server, daemon::ConnectionId connection, std::size_t size) {
    Buffer packet(daemon::Server::packet_size(size));
    require(server.seal_message(connection, Buffer(size, 9), packet), "an answer is sealed");
    return packet;
}

}  // namespace curvecp::fuzz
