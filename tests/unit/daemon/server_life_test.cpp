// Connections over time: idle ones, moving ones, and none that are new.
#include "tests/unit/daemon/server_fixture.hpp"

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// What a datagram was delivered as.
std::optional<Server::Deliver> delivery(ServerFixture& fixture, Packet packet, std::uint16_t port) {
    const auto action = fixture.send(packet, port);
    const auto* deliver = std::get_if<Server::Deliver>(&action);
    return deliver == nullptr ? std::nullopt : std::optional(*deliver);
}

bool moves_to(ServerFixture& fixture, TestClient& client, std::uint16_t port) {
    const auto delivered = delivery(fixture, client.message(), port);
    REQUIRE(delivered.has_value());
    const bool is_there = fixture.server_.connection(delivered->connection).path.peer.port == port;
    CHECK(is_there == (delivered->moved_from != nullptr));
    return is_there;
}

}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "a client that moves tells from where, one that stays does not") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    REQUIRE(open(client.initiate()).has_value());
    CHECK(delivery(*this, client.message(), 4000)->moved_from == nullptr);
    const auto moved = delivery(*this, client.message(), 5000);
    REQUIRE(moved.has_value());
    REQUIRE(moved->moved_from != nullptr);
    CHECK(moved->moved_from->peer.port == 4000);
    CHECK(delivery(*this, client.message(), 5000)->moved_from == nullptr);
}

TEST_CASE_FIXTURE(ServerFixture, "an address does not flap, and no packet is lost by that") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    REQUIRE(open(client.initiate()).has_value());
    std::uint16_t port = 5000;
    int moves = 0;
    for (int i = 0; i < 100; ++i) {
        if (moves_to(*this, client, port)) {
            ++moves;
            ++port;
        }
        now_ += milliseconds(1);
    }
    CHECK(moves == Server::kMovesAtOnce);
    now_ += Server::kMoveInterval;
    CHECK(moves_to(*this, client, port));
    CHECK_FALSE(moves_to(*this, client, static_cast<std::uint16_t>(port + 1)));
    // After a while it may move as often as at its start.
    now_ += Server::kMovesAtOnce * Server::kMoveInterval;
    moves = 0;
    for (int i = 0; i < 100; ++i) {
        if (moves_to(*this, client, static_cast<std::uint16_t>(6000 + moves))) ++moves;
    }
    CHECK(moves == Server::kMovesAtOnce);
}

TEST_CASE_FIXTURE(ServerFixture, "a connection is idle when both sides are silent for the time") {
    server_.set_idle_timeout(seconds(30));
    TestClient one = client();
    TestClient two = client();
    REQUIRE(greet(one));
    REQUIRE(greet(two));
    const ConnectionId first = open(one.initiate()).value();
    now_ += seconds(10);
    const ConnectionId second = open(two.initiate()).value();
    CHECK(server_.next_deadline() == now_ + seconds(20));
    CHECK(server_.idle_connections(now_ + seconds(20) - Duration(1)).empty());
    now_ += seconds(15);
    CHECK(delivery(*this, one.message(), 4000).has_value());
    now_ += seconds(5);
    CHECK(server_.idle_connections(now_).empty());  // the first has spoken
    server_.on_handler_active(second, now_ + seconds(2));
    now_ += seconds(25);
    CHECK(server_.idle_connections(now_) == std::vector{first});
    server_.on_handler_end(first);
    now_ += seconds(7);
    CHECK(server_.idle_connections(now_) == std::vector{second});
}

TEST_CASE_FIXTURE(ServerFixture, "without an idle time-out nobody is idle") {
    TestClient one = client();
    REQUIRE(greet(one));
    REQUIRE(open(one.initiate()).has_value());
    CHECK(server_.idle_connections(now_ + std::chrono::hours(1000)).empty());
}

TEST_CASE_FIXTURE(ServerFixture, "a server that drains serves its clients and answers nobody new") {
    TestClient old = client();
    TestClient greeted = client();
    REQUIRE(greet(old));
    REQUIRE(greet(greeted));
    REQUIRE(open(old.initiate()).has_value());
    server_.drain();
    CHECK(server_.draining());
    CHECK(delivery(*this, old.message(), 4000).has_value());
    CHECK(delivery(*this, old.initiate(), 4000).has_value());
    CHECK(drops(client().hello()) == DropReason::Draining);
    CHECK(drops(greeted.initiate()) == DropReason::Draining);
}

TEST_CASE_FIXTURE(ServerFixture, "what is not as long as its magic says has its own reason") {
    TestClient one = client();
    Packet hello = one.hello();
    hello.pop_back();
    CHECK(drops(hello) == DropReason::MalformedHello);
    REQUIRE(greet(one));
    Packet initiate = one.initiate();
    initiate.pop_back();
    CHECK(drops(initiate) == DropReason::MalformedInitiate);
    REQUIRE(open(one.initiate()).has_value());
    Packet message = one.message();
    message.pop_back();
    CHECK(drops(message) == DropReason::MalformedMessage);
    TestClient other = client();
    REQUIRE(greet(other));
    Packet stolen = other.initiate();
    Packet fresh = client().hello();
    const auto key = field<Hello::ClientShortTerm>(std::span(fresh));
    std::copy(key.begin(), key.end(), field<Initiate::ClientShortTerm>(std::span(stolen)).begin());
    CHECK(drops(stolen) == DropReason::BadCookie);
}
