// A server and a client in memory for tests of the handshake, and a client made by hand from the
// offsets in the specification, which can lie.
#pragma once

#include "curvecp/core/client_handshake.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/core/server_handshake.hpp"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

namespace curvecp::testing {

using Packet = std::vector<std::uint8_t>;

inline constexpr TimePoint kStart{};

inline Extension extension_of(std::uint8_t byte) {
    Extension extension;
    std::fill(extension.bytes().begin(), extension.bytes().end(), byte);
    return extension;
}

inline LongTermNonces nonces(std::uint64_t count) {
    NonceKey key;
    fill_random(key.reveal());
    LongTermNonces made{Locked(std::move(key))};
    made.add_block(0, count);
    return made;
}

struct TestServer {
    KeyPair long_term = make_key_pair();
    ServerIdentity identity{Locked(SecretKey(long_term.secret_key.reveal())),
                            *parse_server_name("server.example"), extension_of(0x5e)};
    CookieJar jar{kStart};
    LongTermNonces long_term_nonces = nonces(1000000);

    // The Cookie, or nothing where the Hello was dropped; `reason` says why.
    std::optional<Packet> on_hello(Packet hello) {
        REQUIRE(hello.size() == Hello::kSize);
        Packet answer(Cookie::kSize);
        reason = answer_hello(Hello{MutableBytes(hello).first<Hello::kSize>()}, identity.extension,
                              *identity.long_term, jar, long_term_nonces,
                              Cookie{MutableBytes(answer).first<Cookie::kSize>()});
        if (reason) return std::nullopt;
        return answer;
    }
    std::variant<AcceptedInitiate, DropReason> on_initiate(Packet& initiate) const {
        return accept_initiate(Initiate{initiate}, identity, jar);
    }
    std::optional<DropReason> refusal(Packet initiate) const {
        const auto result = on_initiate(initiate);
        const auto* dropped = std::get_if<DropReason>(&result);
        return dropped != nullptr ? std::optional(*dropped) : std::nullopt;
    }
    [[nodiscard]] ServerContact contact() const {
        return {long_term.public_key, identity.extension, identity.name};
    }

    std::optional<DropReason> reason;
};

// A client of ours.
struct TestClient {
    explicit TestClient(const ServerContact& server) : greeting(*ClientGreeting::start(server)) {}

    KeyPair long_term = make_key_pair();
    ClientIdentity identity{long_term.public_key, Locked(SecretKey(long_term.secret_key.reveal()))};
    LongTermNonces long_term_nonces = nonces(1000);
    KeyArena arena{4};
    std::vector<Extension> extensions{extension_of(0xc1)};
    ClientGreeting greeting;

    Packet hello() {
        Packet packet(Hello::kSize);
        greeting.write_hello(extensions.front(), Hello{MutableBytes(packet).first<Hello::kSize>()});
        return packet;
    }
    std::optional<ClientGreeting::Answered> on_cookie(Packet cookie) {
        REQUIRE(cookie.size() == Cookie::kSize);
        return greeting.on_cookie(Cookie{MutableBytes(cookie).first<Cookie::kSize>()}, extensions,
                                  identity, long_term_nonces, arena);
    }
    Packet initiate(ClientGreeting::Answered& answered, Bytes message) {
        Packet packet(Initiate::kOverhead + message.size());
        REQUIRE(answered.initiation.write(answered.connection, extensions.front(), message,
                                          Initiate{packet}));
        return packet;
    }
};

inline Packet message_of(std::size_t size, std::uint8_t byte = 0x6d) {
    return Packet(size, byte);
}

// A client that knows the offsets and nothing else, and does what it is told.
struct HandmadeClient {
    KeyPair long_term = make_key_pair();
    KeyPair short_term = make_key_pair();
    std::uint64_t counter = 1;

    static void put(Packet& packet, std::size_t at, Bytes bytes) {
        REQUIRE(at + bytes.size() <= packet.size());
        std::copy(bytes.begin(), bytes.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    }
    static Packet boxed(Bytes plaintext, const Nonce& nonce, const SharedKey& key) {
        Packet box(plaintext.size() + 16);
        seal(box, plaintext, nonce, key);
        return box;
    }
    static void put_text(Packet& packet, std::string_view text) {
        std::memcpy(packet.data(), text.data(), text.size());
    }

    Packet hello(const TestServer& server, Bytes plaintext = Packet(64)) {
        Packet packet(224);
        put_text(packet, "QvnQ5XlH");
        put(packet, 8, server.identity.extension.bytes());
        put(packet, 40, short_term.public_key.bytes());
        store_le(++counter, MutableBytes(packet).subspan<136, 8>());
        const auto key = make_shared_key(server.long_term.public_key, short_term.secret_key);
        put(packet, 144,
            boxed(plaintext, make_nonce(CountedBox::Hello, NonceCounter{counter}), *key));
        return packet;
    }

    struct Answer {
        PublicKey server_short_term;
        Packet cookie;  // K
    };
    Answer open_cookie(const TestServer& server, Packet packet) const {
        const auto key = make_shared_key(server.long_term.public_key, short_term.secret_key);
        const MutableBytes bytes = packet;
        const auto plaintext = open_in_place(
            bytes.subspan(56),
            make_nonce(LongTermBox::Cookie, LongTermNonce(bytes.subspan<40, 16>())), *key);
        REQUIRE(plaintext);
        const MutableBytes cookie = plaintext->subspan(32);
        return {PublicKey(plaintext->first<32>()), Packet(cookie.begin(), cookie.end())};
    }
    Answer ask(TestServer& server) {
        const auto cookie = server.on_hello(hello(server));
        REQUIRE(cookie);
        return open_cookie(server, *cookie);
    }

    [[nodiscard]] Packet vouch(const TestServer& server, const PublicKey& vouched) const {
        LongTermNonce nonce;
        fill_random(nonce.bytes());
        Packet packet(nonce.bytes().begin(), nonce.bytes().end());
        const auto key = make_shared_key(server.long_term.public_key, long_term.secret_key);
        const Packet box = boxed(vouched.bytes(), make_nonce(LongTermBox::Vouch, nonce), *key);
        packet.insert(packet.end(), box.begin(), box.end());
        return packet;
    }

    // What stands in an Initiate; honest() fills it in, a test changes it.
    struct Claims {
        Extension server_extension;
        PublicKey client_short_term;
        Packet cookie;
        PublicKey client_long_term;
        Packet vouch;
        ServerName name;
        Packet message = message_of(48);
    };
    [[nodiscard]] Claims honest(const TestServer& server, const Answer& answer) const {
        return {server.identity.extension,
                short_term.public_key,
                answer.cookie,
                long_term.public_key,
                vouch(server, short_term.public_key),
                server.identity.name};
    }
    Packet initiate(const Claims& claims, const PublicKey& server_short_term) {
        Packet plaintext(32 + 64 + 256 + claims.message.size());
        put(plaintext, 0, claims.client_long_term.bytes());
        put(plaintext, 32, claims.vouch);
        put(plaintext, 96, claims.name.bytes());
        put(plaintext, 352, claims.message);
        Packet packet(176 + 16 + plaintext.size());
        put_text(packet, "QvnQ5XlI");
        put(packet, 8, claims.server_extension.bytes());
        put(packet, 40, claims.client_short_term.bytes());
        put(packet, 72, claims.cookie);
        store_le(++counter, MutableBytes(packet).subspan<168, 8>());
        const auto key = make_shared_key(server_short_term, short_term.secret_key);
        REQUIRE(key);
        put(packet, 176,
            boxed(plaintext, make_nonce(CountedBox::Initiate, NonceCounter{counter}), *key));
        return packet;
    }
};

}  // namespace curvecp::testing
