#include "curvecp/core/client_handshake.hpp"

#include "tests/unit/core/handshake_fixture.hpp"

using namespace curvecp;
using namespace curvecp::testing;

namespace {

// A server's Cookie with any content, for the client whose Hello this is.
Packet handmade_cookie(const TestServer& server, const Packet& hello, Bytes plaintext) {
    Packet packet(Cookie::kSize);
    HandmadeClient::put_text(packet, "RL3aNMXK");
    HandmadeClient::put(packet, 8, Bytes(hello).subspan(24, 16));
    HandmadeClient::put(packet, 24, Bytes(hello).subspan(8, 16));
    const auto key =
        make_shared_key(PublicKey(Bytes(hello).subspan<40, 32>()), server.long_term.secret_key);
    REQUIRE(key);
    HandmadeClient::put(
        packet, 56,
        HandmadeClient::boxed(plaintext, make_nonce(LongTermBox::Cookie, LongTermNonce()), *key));
    return packet;
}

}  // namespace

TEST_CASE("a client of ours and a server of ours come to one key and the first message") {
    TestServer server;
    TestClient client(server.contact());
    const auto cookie = server.on_hello(client.hello());
    REQUIRE(cookie);
    auto answered = client.on_cookie(*cookie);
    REQUIRE(answered);
    Packet packet = client.initiate(*answered, message_of(640));
    CHECK(packet.size() == kMaxPacketSize);
    CHECK(std::holds_alternative<Initiate>(classify_to_server(packet)));
    auto result = server.on_initiate(packet);
    auto* accepted = std::get_if<AcceptedInitiate>(&result);
    REQUIRE(accepted != nullptr);
    CHECK(accepted->client_long_term == *client.identity.public_key);
    CHECK(accepted->client_short_term == answered->client_short_term);
    CHECK(accepted->client_extension == client.extensions.front());
    CHECK(Packet(accepted->message.begin(), accepted->message.end()) == message_of(640));

    // The key: what one seals, the other opens.
    Packet box(16 + 16);
    Packet nonce(8);
    KeyArena arena(1);
    Connection of_server(*arena.store(std::move(accepted->client_short_server_short)),
                         NonceSequence(NonceCounter{1}));
    REQUIRE(of_server.seal(CountedBox::ServerMessage, MutableBytes(nonce).first<8>(), box,
                           message_of(16)));
    CHECK(std::holds_alternative<Connection::Opened>(answered->connection.open(
        CountedBox::ServerMessage, NonceCounter::load(Bytes(nonce).first<8>()), box)));
}

TEST_CASE("the client's nonces grow from Hello to Initiate, each used once") {
    TestServer server;
    TestClient client(server.contact());
    std::vector<NonceCounter> used;
    Packet hello;
    for (int i = 0; i < 3; ++i) {
        hello = client.hello();
        used.push_back(NonceCounter::load(Bytes(hello).subspan<136, 8>()));
    }
    auto answered = client.on_cookie(*server.on_hello(hello));
    REQUIRE(answered);
    for (int i = 0; i < 3; ++i) {
        const Packet packet = client.initiate(*answered, message_of(16));
        used.push_back(NonceCounter::load(Bytes(packet).subspan<168, 8>()));
    }
    for (std::size_t i = 1; i < used.size(); ++i) CHECK(used[i].value == used[i - 1].value + 1);
}

TEST_CASE("every run has a short-term key of its own") {
    const TestServer server;
    TestClient one(server.contact());
    TestClient two(server.contact());
    const Packet a = one.hello();
    const Packet b = two.hello();
    CHECK_FALSE(std::equal(a.begin() + 40, a.begin() + 72, b.begin() + 40));
}

TEST_CASE("a Hello is all zeros where nothing is said") {
    const TestServer server;
    TestClient client(server.contact());
    Packet packet(Hello::kSize, 0xff);
    client.greeting.write_hello(Extension(), Hello{MutableBytes(packet).first<Hello::kSize>()});
    CHECK(Packet(packet.begin() + 24, packet.begin() + 40) == Packet(16));
    CHECK(Packet(packet.begin() + 72, packet.begin() + 136) == Packet(64));
}

TEST_CASE("a Cookie with any bit changed is dropped, and the right one still counts") {
    TestServer server;
    TestClient client(server.contact());
    const auto cookie = server.on_hello(client.hello());
    REQUIRE(cookie);
    const std::uint64_t nonces_left = client.long_term_nonces.left();
    for (std::size_t bit = 64; bit < 8 * cookie->size(); ++bit) {
        CAPTURE(bit);
        Packet forged = *cookie;
        forged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK_FALSE(client.on_cookie(forged));
    }
    CHECK(client.long_term_nonces.left() == nonces_left);
    CHECK(client.on_cookie(*cookie));
}

TEST_CASE("a Cookie for the client's previous extension counts too") {
    TestServer server;
    TestClient client(server.contact());
    const auto cookie = server.on_hello(client.hello());
    REQUIRE(cookie);
    client.extensions = {extension_of(0x99)};
    CHECK_FALSE(client.on_cookie(*cookie));
    client.extensions = {extension_of(0x99), extension_of(0xc1)};
    CHECK(client.on_cookie(*cookie));
}

TEST_CASE("another client's Cookie is dropped") {
    TestServer server;
    TestClient client(server.contact());
    TestClient other(server.contact());
    CHECK_FALSE(client.on_cookie(*server.on_hello(other.hello())));
}

TEST_CASE("another server's Cookie is dropped") {
    TestServer server;
    TestServer impostor;
    TestClient client(server.contact());
    TestClient of_impostor(impostor.contact());
    CHECK_FALSE(client.on_cookie(*impostor.on_hello(of_impostor.hello())));
}

TEST_CASE("a server's low-order short-term key is dropped") {
    const TestServer server;
    TestClient client(server.contact());
    const Packet hello = client.hello();
    Packet plaintext(128);
    CHECK_FALSE(client.on_cookie(handmade_cookie(server, hello, plaintext)));
    HandmadeClient::put(plaintext, 0, make_key_pair().public_key.bytes());
    CHECK(client.on_cookie(handmade_cookie(server, hello, plaintext)));
}

TEST_CASE("a server's low-order long-term key greets nobody") {
    CHECK_FALSE(ClientGreeting::start({PublicKey(), extension_of(1), ServerName()}));
}

TEST_CASE("without long-term nonces or room for a key a Cookie is dropped") {
    TestServer server;
    TestClient client(server.contact());
    const auto cookie = server.on_hello(client.hello());
    REQUIRE(cookie);
    SUBCASE("no nonces") {
        client.long_term_nonces.add_block(0, 0);
        CHECK_FALSE(client.on_cookie(*cookie));
        client.long_term_nonces.add_block(0, 1);
        CHECK(client.on_cookie(*cookie));
    }
    SUBCASE("no room") {
        std::vector<ArenaKey> keys;
        while (auto key = client.arena.store(SharedKey())) keys.push_back(std::move(*key));
        CHECK_FALSE(client.on_cookie(*cookie));
        keys.clear();
        CHECK(client.on_cookie(*cookie));
    }
}

TEST_CASE("an Initiate is not written where the nonces are used up") {
    TestServer server;
    TestClient client(server.contact());
    auto answered = client.on_cookie(*server.on_hello(client.hello()));
    REQUIRE(answered);
    Connection exhausted(*client.arena.store(SharedKey()),
                         NonceSequence(NonceCounter{~std::uint64_t{0}}));
    Packet packet(Initiate::kOverhead + 16);
    CHECK_FALSE(
        answered->initiation.write(exhausted, Extension(), message_of(16), Initiate{packet}));
}
