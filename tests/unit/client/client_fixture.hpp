// A client, and a server made of the server's half of the handshake.
#pragma once

#include "client/client.hpp"
#include "curvecp/core/server_handshake.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

namespace curvecp::client {

constexpr TimePoint kStart{std::chrono::seconds(1000)};

inline Extension extension(std::uint8_t last) {
    Extension value;
    value.bytes()[15] = last;
    return value;
}
inline Address address(std::uint8_t number, std::uint16_t port = 10000) {
    return {IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number}), port};
}
inline std::vector<std::uint8_t> message_of(std::size_t size, std::uint8_t value = 7) {
    return std::vector<std::uint8_t>(size, value);
}
inline LongTermNonces nonces(std::uint64_t count) {
    LongTermNonces made{Locked<NonceKey>(NonceKey())};
    made.add_block(0, count);
    return made;
}
inline ServerName server_name() {
    return parse_server_name("service.example.org").value();
}

// The server's side, from the core's parts.
struct TestServer {
    KeyPair keys = make_key_pair();
    ServerIdentity identity{Locked<SecretKey>(SecretKey(keys.secret_key.reveal())), server_name(),
                            extension(1)};
    CookieJar jar{kStart};
    LongTermNonces cookie_nonces = nonces(100);
    KeyArena arena{1};
    std::optional<Connection> connection;
    std::optional<AcceptedInitiate> client;

    ServerContact contact() const { return {keys.public_key, identity.extension, identity.name}; }

    std::vector<std::uint8_t> answer(HelloPacket& hello) {
        std::vector<std::uint8_t> cookie(Cookie::kSize);
        const auto reason =
            answer_hello(Hello{hello.bytes}, identity.extension, *identity.long_term, jar,
                         cookie_nonces, Cookie{MutableBytes(cookie).first<Cookie::kSize>()});
        REQUIRE(!reason);
        return cookie;
    }

    // Accepts an Initiate and returns its message.
    std::vector<std::uint8_t> accept(std::vector<std::uint8_t>& packet) {
        const auto classified = classify_to_server(packet);
        REQUIRE(std::holds_alternative<Initiate>(classified));
        auto accepted = accept_initiate(std::get<Initiate>(classified), identity, jar);
        REQUIRE(std::holds_alternative<AcceptedInitiate>(accepted));
        client = std::move(std::get<AcceptedInitiate>(accepted));
        connection.reset();
        auto key = arena.store(std::move(client->client_short_server_short));
        REQUIRE(key.has_value());
        connection.emplace(std::move(*key), NonceSequence(NonceCounter{5}));
        connection->accept(client->nonce);
        return {client->message.begin(), client->message.end()};
    }

    std::vector<std::uint8_t> seal(Bytes message, const Extension& client_extension) {
        std::vector<std::uint8_t> bytes(ServerMessage::kOverhead + message.size());
        const ServerMessage packet{bytes};
        write_magic(packet);
        copy(client_extension.bytes(), field<ServerMessage::ClientExtension>(packet.bytes));
        copy(identity.extension.bytes(), field<ServerMessage::ServerExtension>(packet.bytes));
        REQUIRE(connection->seal(CountedBox::ServerMessage,
                                 field<ServerMessage::NonceTail>(packet.bytes), packet.box(),
                                 message));
        return bytes;
    }
};

// A server and a client that means it.
struct Pair {
    TestServer server;
    KeyPair client_keys = make_key_pair();
    Client client;

    explicit Pair(std::vector<Address> addresses = {address(1)}, Extension of_client = extension(2))
        : client(kStart,
                 {.identity = {client_keys.public_key,
                               Locked<SecretKey>(SecretKey(client_keys.secret_key.reveal()))},
                  .nonces = nonces(1),
                  .server = server.contact(),
                  .addresses = std::move(addresses),
                  .extension = of_client}) {}

    HelloPacket hello(TimePoint now = kStart) {
        auto packet = client.next_hello(now);
        REQUIRE(packet.has_value());
        return *packet;
    }

    std::vector<std::uint8_t> cookie() {
        auto packet = hello();
        return server.answer(packet);
    }

    void start() {
        auto bytes = cookie();
        REQUIRE(std::holds_alternative<StartHandler>(client.on_datagram(address(1), bytes)));
    }

    std::vector<std::uint8_t> seal(Bytes message) {
        const auto size = client.packet_size(message.size());
        REQUIRE(size.has_value());
        std::vector<std::uint8_t> packet(*size);
        REQUIRE(client.seal_message(message, packet));
        return packet;
    }

    void initiate() {
        start();
        auto packet = seal(message_of(16));
        server.accept(packet);
    }

    void connect() {
        initiate();
        auto packet = server.seal(message_of(64), extension(2));
        REQUIRE(std::holds_alternative<Deliver>(client.on_datagram(address(1), packet)));
    }

    // A message of the server's, as it arrives.
    Action hear(const Address& from, const Extension& client_extension) {
        last = server.seal(message_of(64), client_extension);
        return client.on_datagram(from, last);
    }
    std::vector<std::uint8_t> last;
};

inline bool drops(const Action& action, Fault fault) {
    const auto* drop = std::get_if<Drop>(&action);
    return drop != nullptr && drop->fault == fault;
}

inline bool holds(const Client& client, Bytes bytes) {
    const Bytes memory(reinterpret_cast<const std::uint8_t*>(&client), sizeof(client));
    return std::search(memory.begin(), memory.end(), bytes.begin(), bytes.end()) != memory.end();
}

}  // namespace curvecp::client
