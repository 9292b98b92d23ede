// Messages of the server, extensions and time.
#include "tests/unit/client/client_fixture.hpp"

namespace curvecp::client {
namespace {

TEST_CASE("a server's Message becomes a frame in its place") {
    Pair pair;
    pair.initiate();
    auto packet = pair.server.seal(message_of(kMaxMessageSize, 9), extension(2));
    const auto action = pair.client.on_datagram(address(1), packet);
    const auto* deliver = std::get_if<Deliver>(&action);
    REQUIRE(deliver != nullptr);
    REQUIRE(deliver->frame.size() == kMaxFrameSize);
    CHECK(deliver->frame.data() + deliver->frame.size() == packet.data() + packet.size());
    CHECK(deliver->frame[0] == 68);
    CHECK(deliver->frame[1] == 9);
    CHECK(deliver->frame.back() == 9);
}

TEST_CASE("a Message counts only from the server's address and port") {
    Pair pair({address(1)});
    pair.initiate();
    CHECK(drops(pair.hear(address(2), extension(2)), Fault::WrongSender));
    CHECK(drops(pair.hear(address(1, 10001), extension(2)), Fault::WrongSender));
    CHECK(!pair.client.connected());
    CHECK(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
}

TEST_CASE("a Message before the Cookie means nothing") {
    Pair pair;
    std::vector<std::uint8_t> packet(80);
    write_magic(ServerMessage{packet});
    CHECK(drops(pair.client.on_datagram(address(1), packet), Fault::Unexpected));
}

TEST_CASE("a Message counts only with both extensions right") {
    Pair pair;
    pair.initiate();
    CHECK(drops(pair.hear(address(1), extension(3)), Fault::WrongExtension));
    pair.server.identity.extension = extension(9);
    CHECK(drops(pair.hear(address(1), extension(2)), Fault::WrongExtension));
    pair.server.identity.extension = extension(1);
    CHECK(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
}

TEST_CASE("a forged Message changes nothing") {
    Pair pair;
    pair.initiate();
    auto packet = pair.server.seal(message_of(64), extension(2));
    auto forged = packet;
    forged.back() ^= 1U;
    CHECK(drops(pair.client.on_datagram(address(1), forged), Fault::BadMessage));
    CHECK(!pair.client.connected());
    CHECK(std::holds_alternative<Deliver>(pair.client.on_datagram(address(1), packet)));
}

TEST_CASE("a Message counts once, also when the network reorders") {
    Pair pair;
    pair.initiate();
    const auto first = pair.server.seal(message_of(64), extension(2));
    const auto second = pair.server.seal(message_of(64), extension(2));
    auto copy = second;
    CHECK(std::holds_alternative<Deliver>(pair.client.on_datagram(address(1), copy)));
    copy = first;
    CHECK(std::holds_alternative<Deliver>(pair.client.on_datagram(address(1), copy)));
    copy = first;
    CHECK(drops(pair.client.on_datagram(address(1), copy), Fault::Repeated));
}

TEST_CASE("after a change, packets to the client's new and its previous extension are taken") {
    Pair pair;
    pair.connect();
    pair.client.set_extension(kStart, extension(3));
    auto packet = pair.seal(message_of(16));
    CHECK(Extension(field<ClientMessage::ClientExtension>(MutableBytes(packet))) == extension(3));
    CHECK(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
    CHECK(std::holds_alternative<Deliver>(pair.hear(address(1), extension(3))));
    pair.client.set_extension(kStart, extension(3));
    CHECK(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
    pair.client.set_extension(kStart, extension(4));
    CHECK(drops(pair.hear(address(1), extension(2)), Fault::WrongExtension));
}

TEST_CASE("a Cookie to the client's previous extension counts") {
    Pair pair;
    auto cookie = pair.cookie();
    pair.client.set_extension(kStart, extension(3));
    CHECK(std::holds_alternative<StartHandler>(pair.client.on_datagram(address(1), cookie)));
}

TEST_CASE("the client's extension is looked at again every 30 s at most") {
    Pair pair;
    CHECK(!pair.client.wants_extension(kStart + std::chrono::milliseconds(29999)));
    const TimePoint later = kStart + std::chrono::seconds(30);
    CHECK(pair.client.wants_extension(later));
    pair.client.set_extension(later, extension(2));
    CHECK(!pair.client.wants_extension(later + std::chrono::seconds(29)));
}

TEST_CASE("an ICMP error hurries the next address and ends nothing") {
    Pair pair({address(1), address(2)});
    const auto first = pair.hello();
    const TimePoint now = kStart + std::chrono::milliseconds(1);
    pair.client.on_icmp_error(now);
    CHECK(pair.client.next_deadline() == now);
    auto second = pair.hello(now);
    CHECK(second.to != first.to);
    for (int i = 0; i < 100; ++i) pair.client.on_icmp_error(now);
    CHECK(!pair.client.gave_up(now));
    CHECK(!pair.client.next_hello(now));
    auto cookie = pair.server.answer(second);
    CHECK(std::holds_alternative<StartHandler>(pair.client.on_datagram(second.to, cookie)));
    pair.client.on_icmp_error(now);
    CHECK(pair.client.packet_size(16).has_value());
}

TEST_CASE("without a Cookie a client gives up after its last Hello") {
    Pair pair;
    int hellos = 0;
    TimePoint now = kStart;
    while (!pair.client.gave_up(now)) {
        if (pair.client.next_hello(now)) ++hellos;
        now = pair.client.next_deadline().value();
    }
    CHECK(hellos == 8);
    CHECK(pair.client.asked().size() == 1);
    CHECK(pair.client.bad_cookies() == 0);
}

TEST_CASE("after the handler's end a client sends and takes nothing any more") {
    Pair pair;
    pair.connect();
    pair.client.on_handler_end();
    CHECK(!pair.client.packet_size(16));
    std::vector<std::uint8_t> packet(ClientMessage::kOverhead + 16);
    CHECK(!pair.client.seal_message(message_of(16), packet));
    CHECK(drops(pair.hear(address(1), extension(2)), Fault::Unexpected));
    CHECK(!pair.client.next_deadline());
    CHECK(!pair.client.gave_up(kStart + std::chrono::hours(1)));
}

TEST_CASE("after the server's first Message nothing in a client tells who talks to which name") {
    Pair pair;
    const auto& name = pair.server.identity.name;
    CHECK(holds(pair.client, pair.client_keys.public_key.bytes()));
    CHECK(holds(pair.client, name.bytes().first<24>()));
    pair.start();
    auto packet = pair.seal(message_of(16));
    const auto cookie = field<Initiate::Cookie>(Bytes(packet));
    CHECK(holds(pair.client, cookie));
    CHECK(holds(pair.client, pair.client_keys.public_key.bytes()));
    CHECK(holds(pair.client, name.bytes().first<24>()));
    const std::vector<std::uint8_t> spent(cookie.begin(), cookie.end());
    pair.server.accept(packet);
    REQUIRE(std::holds_alternative<Deliver>(pair.hear(address(1), extension(2))));
    CHECK(!holds(pair.client, Bytes(spent).first(16)));
    CHECK(!holds(pair.client, pair.client_keys.public_key.bytes()));
    CHECK(!holds(pair.client, name.bytes().first<24>()));
    CHECK(!holds(pair.client, pair.server.keys.public_key.bytes()));
}

}  // namespace
}  // namespace curvecp::client
