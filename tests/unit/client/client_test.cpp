#include "client/client.hpp"

#include "curvecp/core/server_handshake.hpp"

#include <stdexcept>

#include <doctest/doctest.h>

namespace curvecp::client {
namespace {

constexpr TimePoint kStart{std::chrono::seconds(1000)};

Extension extension(std::uint8_t last) {
    Extension value;
    value.bytes()[15] = last;
    return value;
}
Address address(std::uint8_t number, std::uint16_t port = 10000) {
    return {IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number}), port};
}
std::vector<std::uint8_t> message_of(std::size_t size, std::uint8_t value = 7) {
    return std::vector<std::uint8_t>(size, value);
}
LongTermNonces nonces(std::uint64_t count) {
    LongTermNonces made{Locked<NonceKey>(NonceKey())};
    made.add_block(0, count);
    return made;
}
ServerName server_name() {
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
        const auto reason = answer_hello(Hello{hello.bytes}, identity, jar, cookie_nonces,
                                         Cookie{MutableBytes(cookie).first<Cookie::kSize>()});
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

bool drops(const Action& action, Fault fault) {
    const auto* drop = std::get_if<Drop>(&action);
    return drop != nullptr && drop->fault == fault;
}

bool holds(const Client& client, Bytes bytes) {
    const Bytes memory(reinterpret_cast<const std::uint8_t*>(&client), sizeof(client));
    return std::search(memory.begin(), memory.end(), bytes.begin(), bytes.end()) != memory.end();
}

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
    CHECK_THROWS_AS(make(), std::invalid_argument);
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
