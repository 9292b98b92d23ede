#include "curvecp/core/server_handshake.hpp"

#include "tests/unit/core/handshake_fixture.hpp"

using namespace curvecp;
using namespace curvecp::testing;

namespace {

bool is_in(std::size_t byte, std::size_t offset, std::size_t size) {
    return byte >= offset && byte < offset + size;
}

Packet with_bit_changed(Packet packet, std::size_t bit) {
    packet[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    return packet;
}

}  // namespace

TEST_CASE("a Hello is answered with a Cookie for this client alone") {
    TestServer server;
    HandmadeClient client;
    const Packet hello = client.hello(server);
    const auto cookie = server.on_hello(hello);
    REQUIRE(cookie);
    CHECK(std::equal(cookie->begin() + 8, cookie->begin() + 24, hello.begin() + 24));
    CHECK(std::equal(cookie->begin() + 24, cookie->begin() + 40, hello.begin() + 8));
    const auto answer = client.open_cookie(server, *cookie);
    const auto contents = server.jar.open(Bytes(answer.cookie).first<96>());
    REQUIRE(contents);
    CHECK(contents->client_short_term == client.short_term.public_key);
    CHECK(public_key_of(contents->server_short_term) == answer.server_short_term);
}

TEST_CASE("every Cookie has a fresh short-term key and a fresh nonce") {
    TestServer server;
    HandmadeClient client;
    const Packet hello = client.hello(server);
    const auto one = server.on_hello(hello);
    const auto two = server.on_hello(hello);
    REQUIRE((one && two));
    CHECK_FALSE(std::equal(one->begin() + 40, one->begin() + 56, two->begin() + 40));
    CHECK(client.open_cookie(server, *one).server_short_term !=
          client.open_cookie(server, *two).server_short_term);
}

TEST_CASE("a Hello with any bit changed that counts is dropped") {
    TestServer server;
    HandmadeClient client;
    const Packet hello = client.hello(server);
    for (std::size_t bit = 64; bit < 8 * hello.size(); ++bit) {
        CAPTURE(bit);
        const std::size_t byte = bit / 8;
        const bool free = is_in(byte, 24, 16) || is_in(byte, 72, 64);  // extension, zeros
        const bool no_part_of_key = bit == 8 * 72 - 1;                 // Curve25519 has 255 bits
        CHECK(server.on_hello(with_bit_changed(hello, bit)).has_value() ==
              (free || no_part_of_key));
    }
}

TEST_CASE("a Hello says why it was dropped") {
    TestServer server;
    HandmadeClient client;
    SUBCASE("another server's extension") {
        Packet hello = client.hello(server);
        hello[8] ^= 1;
        CHECK_FALSE(server.on_hello(hello));
        CHECK(server.reason == DropReason::WrongExtension);
    }
    SUBCASE("its box holds something else than zeros, in any byte") {
        for (std::size_t i = 0; i < 64; ++i) {
            Packet plaintext(64);
            plaintext[i] = 1;
            CHECK_FALSE(server.on_hello(client.hello(server, plaintext)));
            CHECK(server.reason == DropReason::BadHello);
        }
    }
    SUBCASE("a low-order short-term key") {
        Packet hello = client.hello(server);
        std::fill_n(hello.begin() + 40, 32, std::uint8_t{0});
        CHECK_FALSE(server.on_hello(hello));
        CHECK(server.reason == DropReason::BadHello);
        hello[40] = 1;
        CHECK_FALSE(server.on_hello(hello));
        CHECK(server.reason == DropReason::BadHello);
    }
    SUBCASE("for another server's key") {
        const TestServer other;
        CHECK_FALSE(server.on_hello(client.hello(other)));
        CHECK(server.reason == DropReason::BadHello);
    }
    SUBCASE("no long-term nonces are left") {
        server.long_term_nonces.add_block(0, 1);
        CHECK(server.on_hello(client.hello(server)));
        CHECK_FALSE(server.on_hello(client.hello(server)));
        CHECK(server.reason == DropReason::NoNonces);
    }
}

TEST_CASE("a Hello that is dropped costs no long-term nonce") {
    TestServer server;
    HandmadeClient client;
    const std::uint64_t left = server.long_term_nonces.left();
    CHECK_FALSE(server.on_hello(client.hello(TestServer())));
    CHECK(server.long_term_nonces.left() == left);
}

TEST_CASE("an honest Initiate proves who the client is and brings its first message") {
    TestServer server;
    HandmadeClient client;
    const auto answer = client.ask(server);
    for (std::size_t size = 16; size <= 640; size += 16) {
        auto claims = client.honest(server, answer);
        claims.message = message_of(size, static_cast<std::uint8_t>(size));
        Packet packet = client.initiate(claims, answer.server_short_term);
        const auto result = server.on_initiate(packet);
        const auto* accepted = std::get_if<AcceptedInitiate>(&result);
        REQUIRE(accepted != nullptr);
        CHECK(accepted->client_short_term == client.short_term.public_key);
        CHECK(accepted->client_long_term == client.long_term.public_key);
        CHECK(accepted->nonce == NonceCounter{client.counter});
        CHECK(std::equal(accepted->message.begin(), accepted->message.end(), claims.message.begin(),
                         claims.message.end()));
    }
}

TEST_CASE("an Initiate with any bit changed that counts is dropped") {
    TestServer server;
    HandmadeClient client;
    const auto answer = client.ask(server);
    const Packet packet = client.initiate(client.honest(server, answer), answer.server_short_term);
    REQUIRE_FALSE(server.refusal(packet));
    for (std::size_t bit = 64; bit < 8 * packet.size(); ++bit) {
        CAPTURE(bit);
        const bool free = is_in(bit / 8, 24, 16);  // the client's extension
        CHECK(server.refusal(with_bit_changed(packet, bit)).has_value() != free);
    }
}

TEST_CASE("an Initiate says why it was dropped") {
    TestServer server;
    HandmadeClient client;
    const auto answer = client.ask(server);
    auto claims = client.honest(server, answer);
    const auto refusal = [&] {
        return server.refusal(client.initiate(claims, answer.server_short_term));
    };
    REQUIRE_FALSE(refusal());
    SUBCASE("another server's extension") {
        claims.server_extension = extension_of(1);
        CHECK(refusal() == DropReason::WrongExtension);
    }
    SUBCASE("another server's name") {
        claims.name = *parse_server_name("other.example");
        CHECK(refusal() == DropReason::WrongServerName);
        claims.name = *parse_server_name("Server.example");
        CHECK(refusal() == DropReason::WrongServerName);
        claims.name = server.identity.name;
        claims.name.bytes()[255] = 1;
        CHECK(refusal() == DropReason::WrongServerName);
    }
    SUBCASE("a vouch for another short-term key") {
        claims.vouch = client.vouch(server, make_key_pair().public_key);
        CHECK(refusal() == DropReason::BadVouch);
    }
    SUBCASE("another client's long-term key") {
        claims.client_long_term = make_key_pair().public_key;
        CHECK(refusal() == DropReason::BadVouch);
    }
    SUBCASE("another client's vouch for its own key") {
        const HandmadeClient other;
        claims.vouch = other.vouch(server, other.short_term.public_key);
        claims.client_long_term = other.long_term.public_key;
        CHECK(refusal() == DropReason::BadVouch);
    }
    SUBCASE("any bit of the vouch changed") {
        const Packet good = claims.vouch;
        for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
            claims.vouch = with_bit_changed(good, bit);
            CHECK(refusal() == DropReason::BadVouch);
        }
    }
    SUBCASE("a low-order long-term key") {
        claims.client_long_term = PublicKey();
        CHECK(refusal() == DropReason::BadVouch);
    }
    SUBCASE("another client's cookie") {
        HandmadeClient other;
        claims.cookie = other.ask(server).cookie;
        CHECK(refusal() == DropReason::BadCookie);
    }
    SUBCASE("another client's short-term key") {
        claims.client_short_term = make_key_pair().public_key;
        CHECK(refusal() == DropReason::BadCookie);
    }
    SUBCASE("a box for another cookie of the same client") {
        const auto second = client.ask(server);
        claims.cookie = second.cookie;
        CHECK(refusal() == DropReason::BadInitiate);
    }
    SUBCASE("an expired cookie") {
        server.jar.rotate(kStart + kMinute);
        CHECK_FALSE(refusal());
        server.jar.rotate(kStart + 2 * kMinute);
        CHECK(refusal() == DropReason::CookieExpired);
    }
    SUBCASE("a low-order short-term key in an honest cookie") {
        claims.client_short_term = PublicKey();
        LongTermNonce nonce;
        fill_random(nonce.bytes());
        server.jar.seal(MutableBytes(claims.cookie).first<96>(), PublicKey(),
                        make_key_pair().secret_key, nonce);
        CHECK(refusal() == DropReason::BadInitiate);
    }
}

TEST_CASE("an Initiate tells which minute key opened its cookie") {
    TestServer server;
    HandmadeClient client;
    const auto minute_of = [&](const HandmadeClient::Answer& answer) {
        Packet packet = client.initiate(client.honest(server, answer), answer.server_short_term);
        const auto result = server.on_initiate(packet);
        REQUIRE(std::holds_alternative<AcceptedInitiate>(result));
        return std::get<AcceptedInitiate>(result).minute_key;
    };
    const auto old_answer = client.ask(server);
    const MinuteKeyId first = minute_of(old_answer);
    server.jar.rotate(kStart + kMinute);
    CHECK(minute_of(old_answer) == first);
    CHECK(minute_of(client.ask(server)) == MinuteKeyId{first.value + 1});
    CHECK(server.jar.oldest() == first);
}
