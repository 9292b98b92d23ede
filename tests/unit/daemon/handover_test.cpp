#include "daemon/handover.hpp"

#include "tests/unit/daemon/server_fixture.hpp"

#include <array>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::seconds;

namespace {

template <class Write>
Packet state_of(Write write) {
    StateWriter counting;
    write(counting);
    Packet state(counting.size());
    StateWriter writer{MutableBytes(state)};
    write(writer);
    REQUIRE(writer.size() == state.size());
    return state;
}

LoopState some_loop_state() {
    LoopState loop;
    loop.arguments = {"/usr/bin/curvecpserver", "", "-v"};
    loop.blocked_signals = 0x8000'0000'0000'0001;
    loop.sockets = {{{*parse_ip("192.0.2.1"), 53}, 10}, {{*parse_ip("fe80::1%2"), 65'535}, 11}};
    HandlerState handler;
    handler.pid = 4711;
    handler.to_handler = 12;
    handler.from_handler = 13;
    handler.started = TimePoint(seconds(5));
    handler.bytes_in = 1;
    handler.bytes_out = ~std::uint64_t{0};
    handler.dropped_frames = 3;
    handler.unread = {1, 2, 3};
    handler.unwritten = {4};
    handler.to_handler_enlarged = true;
    HandlerState deaf = handler;
    deaf.to_handler = -1;
    deaf.from_handler_enlarged = true;
    loop.handlers = {handler, deaf};
    loop.leaving = {{4712, 9, 2, path_from(4000), TimePoint(seconds(6)), 7, 8}};
    return loop;
}

Packet bytes_of(const LoopState& loop) {
    return state_of([&](StateWriter& state) {
        save_magic(state);
        save(loop, state);
    });
}

LoopState loop_from(Bytes bytes) {
    StateReader state(bytes);
    load_magic(state);
    LoopState loop = load_loop(state);
    state.finish();
    return loop;
}

struct HandoverFixture : ServerFixture {
    [[nodiscard]] Packet save() const {
        return state_of([this](StateWriter& state) { server_.save(state); });
    }
    [[nodiscard]] Server another(std::size_t max_connections = 10,
                                 std::string_view extension = "") const {
        LongTermNonces none{Locked<NonceKey>(NonceKey())};
        return {ServerIdentity{Locked<SecretKey>(SecretKey(keys_.secret_key.reveal())),
                               name_of("server.test"), extension_of(extension.empty() ? 1 : 2)},
                std::move(none), max_connections, now_};
    }
    static Server::Loaded load(Server& server, Bytes bytes) {
        StateReader state(bytes);
        auto loaded = server.load(state);
        state.finish();
        return loaded;
    }
    [[nodiscard]] std::optional<DropReason> drops_at(Server& server, Packet datagram) const {
        const auto action = server.on_datagram(now_, path_from(4000), datagram);
        const auto* reason = std::get_if<DropReason>(&action);
        return reason == nullptr ? std::nullopt : std::optional(*reason);
    }
    // Connected, by this Initiate.
    Packet connect(TestClient& client) {
        REQUIRE(greet(client));
        const Packet initiate = client.initiate();
        REQUIRE(open(initiate));
        return initiate;
    }
};

}  // namespace

TEST_CASE("the loop's state is read as it was written") {
    const LoopState loop = some_loop_state();
    CHECK(loop_from(bytes_of(loop)) == loop);
    CHECK(loop_from(bytes_of(LoopState())) == LoopState());
}

TEST_CASE("a state of the loop that is cut anywhere, too long or of another version is refused") {
    Packet bytes = bytes_of(some_loop_state());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        CHECK_THROWS_AS(static_cast<void>(loop_from(Bytes(bytes).first(size))), BadState);
    }
    bytes.push_back(0);
    CHECK_THROWS_AS(static_cast<void>(loop_from(bytes)), BadState);
    bytes.pop_back();
    ++bytes[0];
    CHECK_THROWS_AS(static_cast<void>(loop_from(bytes)), BadState);
}

TEST_CASE_FIXTURE(HandoverFixture, "a server goes on with another one's connections") {
    TestClient first = client();
    TestClient second = client();
    TestClient gone = client();
    const Packet initiate = connect(first);
    const auto id = open([&] {
        REQUIRE(greet(gone));
        return gone.initiate();
    }());
    connect(second);
    const Packet message = second.message();
    REQUIRE(!drops(message, 4001));
    server_.on_handler_end(*id);

    Server successor = another();
    const auto loaded = load(successor, save());
    REQUIRE(loaded.connections.size() == 2);
    CHECK(successor.connections() == 2);
    const auto& connection = successor.connection(loaded.connections[1]);
    CHECK(connection.client_long_term == second.long_term());
    CHECK(connection.number == 3);
    CHECK(connection.path == path_from(4001));
    CHECK(connection.client_extension == extension_of(7));
    CHECK(successor.connection(loaded.connections[0]).number == 1);
    CHECK(successor.next_number() == 4);

    CHECK(drops_at(successor, message) == DropReason::Repeated);
    CHECK(drops_at(successor, initiate) == DropReason::Repeated);
    CHECK(!drops_at(successor, second.message()));
    Packet packet(Server::packet_size(16));
    REQUIRE(successor.seal_message(loaded.connections[0], Packet(16, 5), packet));
    CHECK(first.open(packet) == Packet(16, 5));
}

TEST_CASE_FIXTURE(HandoverFixture, "no nonce of the server's is used again") {
    TestClient client = this->client();
    connect(client);
    Packet before(Server::packet_size(16));
    REQUIRE(server_.seal_message(ConnectionId{0}, Packet(16), before));
    Server successor = another();
    const auto loaded = load(successor, save());
    Packet after(before.size());
    REQUIRE(successor.seal_message(loaded.connections[0], Packet(16), after));
    CHECK(client.open(before));
    CHECK(client.open(after));
    CHECK(successor.nonces_left() == 999);
}

TEST_CASE_FIXTURE(HandoverFixture, "cookies are good after it where they were, and once") {
    TestClient spent = client();
    TestClient late = client();
    const Packet initiate = connect(spent);
    server_.on_handler_end(ConnectionId{0});
    REQUIRE(greet(late));
    now_ += seconds(70);
    server_.on_deadline(now_);
    Server successor = another();
    static_cast<void>(load(successor, save()));
    CHECK(drops_at(successor, initiate) == DropReason::CookieSpent);
    CHECK(!drops_at(successor, late.initiate()));
    now_ += seconds(70);
    CHECK(drops_at(successor, initiate) == DropReason::CookieExpired);
}

TEST_CASE_FIXTURE(HandoverFixture, "a service that is gone keeps its connections alone") {
    TestClient client = this->client();
    connect(client);
    Server successor = another(10, "other");
    const auto loaded = load(successor, save());
    const ServiceIndex service = successor.connection(loaded.connections[0]).service;
    CHECK(service == loaded.services[0]);
    CHECK(successor.services() == 2);
    CHECK(successor.service(service).extension == extension_of(1));
    CHECK(!drops_at(successor, client.message()));
}

TEST_CASE_FIXTURE(HandoverFixture, "nonces that were reserved for another key are given up") {
    const Packet state = save();
    keys_ = make_key_pair();
    Server successor = another();
    static_cast<void>(load(successor, state));
    CHECK(successor.nonces_left() == 0);
}

TEST_CASE_FIXTURE(HandoverFixture, "more connections than are allowed are refused") {
    TestClient one = client();
    TestClient two = client();
    connect(one);
    connect(two);
    Server successor = another(1);
    CHECK_THROWS_AS(static_cast<void>(load(successor, save())), BadState);
}

TEST_CASE_FIXTURE(HandoverFixture, "a server's state that is cut anywhere or too long is refused") {
    TestClient one = client();
    TestClient two = client();
    connect(one);
    connect(two);
    Packet state = save();
    for (std::size_t size = 0; size < state.size(); ++size) {
        CAPTURE(size);
        Server successor = another();
        CHECK_THROWS_AS(static_cast<void>(load(successor, Bytes(state).first(size))), BadState);
    }
    state.push_back(0);
    Server successor = another();
    CHECK_THROWS_AS(static_cast<void>(load(successor, state)), BadState);
}

TEST_CASE_FIXTURE(HandoverFixture, "of a damaged state a server is made or none") {
    TestClient one = client();
    TestClient two = client();
    connect(one);
    connect(two);
    const Packet state = save();
    for (std::size_t i = 0; i < state.size(); ++i) {
        for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
            Packet damaged = state;
            damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ change);
            Server successor = another();
            std::size_t connections = 0;
            try {
                connections = load(successor, damaged).connections.size();
            } catch (const BadState&) {
                continue;
            }
            REQUIRE(connections <= 10);
        }
    }
}

TEST_CASE_FIXTURE(HandoverFixture, "a client that is connected twice is refused") {
    TestClient one = client();
    TestClient two = client();
    connect(one);
    const Packet single = save();
    connect(two);
    const Packet both = save();
    // The second connection is as long as the first, and the last thing.
    const std::size_t size = both.size() - single.size() - sizeof(std::uint64_t);
    Packet twice = both;
    std::copy_n(single.end() - static_cast<std::ptrdiff_t>(size), size,
                twice.end() - static_cast<std::ptrdiff_t>(size));
    Server successor = another();
    CHECK_THROWS_AS(static_cast<void>(load(successor, twice)), BadState);
}
