// Up to the first Message of the server, and without one.
#include "tests/unit/client/client_fixture.hpp"

namespace curvecp::client {
namespace {

TEST_CASE("Hellos open at the server, each with a higher nonce, in the schedule's time") {
    Pair pair;
    auto first = pair.hello();
    CHECK(first.to == address(1));
    CHECK(pair.server.answer(first).size() == Cookie::kSize);
    CHECK(!pair.client.next_hello(kStart));
    auto second = pair.hello(pair.client.next_deadline().value());
    CHECK(pair.server.answer(second).size() == Cookie::kSize);
    CHECK(NonceCounter::load(field<Hello::NonceTail>(std::span(second.bytes))) >
          NonceCounter::load(field<Hello::NonceTail>(std::span(first.bytes))));
}

TEST_CASE("a server's key that is a low-order point is refused at once") {
    ServerContact server = TestServer().contact();
    server.long_term = PublicKey();
    const auto make = [&] {
        KeyPair keys = make_key_pair();
        return Client(kStart, {.identity = {keys.public_key, Locked(std::move(keys.secret_key))},
                               .nonces = nonces(1),
                               .server = server,
                               .addresses = {address(1)},
                               .extension = {}});
    };
    CHECK_THROWS_WITH_AS(
        make(),
        "pk 0000000000000000000000000000000000000000000000000000000000000000: a low-order point is "
        "nobody's public key",
        std::invalid_argument);
}

TEST_CASE("a good Cookie starts the handler and decides on the address") {
    Pair pair;
    auto cookie = pair.cookie();
    const auto action = pair.client.on_datagram(address(1), cookie);
    const auto* start = std::get_if<StartHandler>(&action);
    REQUIRE(start != nullptr);
    CHECK(start->server == address(1));
    CHECK(pair.client.server() == address(1));
    CHECK(!pair.client.next_deadline());
    CHECK(!pair.client.next_hello(kStart + std::chrono::hours(1)));
    CHECK(pair.client.asked().empty());
    CHECK(!pair.client.gave_up(kStart + std::chrono::hours(1)));
}

TEST_CASE("a Cookie counts only from an address that was asked, and the server's port") {
    Pair pair;
    const auto good = pair.cookie();
    for (const auto& from : {address(2), address(1, 10001)}) {
        auto cookie = good;
        CHECK(drops(pair.client.on_datagram(from, cookie), Fault::WrongSender));
    }
    auto cookie = good;
    CHECK(std::holds_alternative<StartHandler>(pair.client.on_datagram(address(1), cookie)));
}

TEST_CASE("a Cookie counts from every address that was asked, but from none that was not yet") {
    Pair pair({address(1), address(2), address(3)});
    auto first = pair.hello();
    auto second = pair.hello(pair.client.next_deadline().value());
    REQUIRE(pair.client.asked().size() == 2);
    const auto not_asked =
        address(static_cast<std::uint8_t>(6 - first.to.ip.bytes[15] - second.to.ip.bytes[15]));
    auto early = pair.server.answer(second);
    CHECK(drops(pair.client.on_datagram(not_asked, early), Fault::WrongSender));
    auto cookie = pair.server.answer(first);
    CHECK(std::holds_alternative<StartHandler>(pair.client.on_datagram(first.to, cookie)));
    CHECK(pair.client.server() == first.to);
}

TEST_CASE("later Cookies are ignored") {
    Pair pair({address(1), address(2)});
    auto first = pair.hello();
    auto second = pair.hello(pair.client.next_deadline().value());
    auto cookie = pair.server.answer(second);
    auto late = pair.server.answer(first);
    REQUIRE(std::holds_alternative<StartHandler>(pair.client.on_datagram(second.to, cookie)));
    CHECK(drops(pair.client.on_datagram(first.to, late), Fault::Unexpected));
    CHECK(pair.client.server() == second.to);
}

TEST_CASE("a Cookie with a wrong extension or box is not counted, and a good one still is") {
    Pair pair;
    const auto good = pair.cookie();
    for (std::size_t at : {std::size_t{8}, std::size_t{24}, std::size_t{40}, std::size_t{199}}) {
        auto cookie = good;
        cookie[at] ^= 1U;
        const Action action = pair.client.on_datagram(address(1), cookie);
        CHECK(drops(action, at < 40 ? Fault::WrongExtension : Fault::BadCookie));
    }
    CHECK(pair.client.bad_cookies() == 4);
    auto cookie = good;
    CHECK(std::holds_alternative<StartHandler>(pair.client.on_datagram(address(1), cookie)));
}

TEST_CASE("a Cookie of another size is no packet") {
    Pair pair;
    auto longer = pair.cookie();
    longer.resize(longer.size() + 16);
    CHECK(drops(pair.client.on_datagram(address(1), longer), Fault::NotAPacket));
    CHECK(drops(pair.client.on_datagram(address(1), MutableBytes(longer).first(199)),
                Fault::NotAPacket));
    CHECK(drops(pair.client.on_datagram(address(1), {}), Fault::NotAPacket));
}

TEST_CASE("a client says who it is, whom it means and what it wants in each Initiate") {
    Pair pair;
    pair.start();
    auto packet = pair.seal(message_of(640));
    CHECK(packet.size() == Initiate::kMaxSize);
    CHECK(pair.server.accept(packet) == message_of(640));
    CHECK(pair.server.client->client_long_term == pair.client_keys.public_key);
    CHECK(pair.server.client->client_extension == extension(2));
}

TEST_CASE("messages go out in Initiates until the server's first Message, then in Messages") {
    Pair pair;
    pair.start();
    for (int i = 0; i < 3; ++i) {
        auto packet = pair.seal(message_of(64));
        CHECK(std::holds_alternative<Initiate>(classify_to_server(packet)));
        pair.server.accept(packet);
    }
    CHECK(!pair.client.connected());
    REQUIRE(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
    CHECK(pair.client.connected());

    auto packet = pair.seal(message_of(kMaxMessageSize));
    const auto classified = classify_to_server(packet);
    const auto* message = std::get_if<ClientMessage>(&classified);
    REQUIRE(message != nullptr);
    CHECK(PublicKey(field<ClientMessage::ClientShortTerm>(message->bytes)) ==
          pair.server.client->client_short_term);
    CHECK(Extension(field<ClientMessage::ServerExtension>(message->bytes)) == extension(1));
    CHECK(Extension(field<ClientMessage::ClientExtension>(message->bytes)) == extension(2));
    const auto opened = pair.server.connection->open(
        CountedBox::ClientMessage,
        NonceCounter::load(field<ClientMessage::NonceTail>(message->bytes)), message->box());
    REQUIRE(std::holds_alternative<Connection::Opened>(opened));
    CHECK(std::get<Connection::Opened>(opened).newest);
    const auto plaintext = std::get<Connection::Opened>(opened).plaintext;
    CHECK(std::vector(plaintext.begin(), plaintext.end()) == message_of(kMaxMessageSize));
}

TEST_CASE("no message leaves before the Cookie, none above 640 bytes before the server speaks") {
    Pair pair;
    CHECK(!pair.client.packet_size(16));
    std::vector<std::uint8_t> packet(kMaxPacketSize);
    CHECK(!pair.client.seal_message(message_of(16), packet));
    pair.start();
    CHECK(pair.client.packet_size(640) == Initiate::kMaxSize);
    CHECK(!pair.client.packet_size(656));
    auto initiate = pair.seal(message_of(16));
    pair.server.accept(initiate);
    REQUIRE(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
    CHECK(pair.client.packet_size(656) == ClientMessage::kOverhead + 656);
}

}  // namespace
}  // namespace curvecp::client
