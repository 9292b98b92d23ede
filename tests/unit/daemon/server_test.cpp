#include "daemon/server.hpp"

#include "curvecp/core/endian.hpp"
#include "tests/unit/daemon/server_fixture.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::seconds;

namespace {

// Connections that come and go, as many as are remembered of one minute key.
void spend_all_cookies(Server& server, MinuteKeyId minute_key) {
    for (std::uint64_t i = 0; i < SpentCookies::kDefaultCapacity; ++i) {
        AcceptedInitiate initiate;
        initiate.minute_key = minute_key;
        store_le(i, initiate.client_short_term.bytes().first<8>());
        server.on_handler_end(
            server.on_handler_started({std::move(initiate), path_from(4000), {}}));
    }
}

}  // namespace

TEST_CASE_FIXTURE(ServerFixture, "a Hello is answered by a smaller Cookie and leaves nothing") {
    TestClient client = this->client();
    for (int i = 0; i < 100; ++i) REQUIRE(greet(client));
    CHECK(Cookie::kSize < Hello::kSize);
    CHECK(server_.connections() == 0);
}

TEST_CASE_FIXTURE(ServerFixture, "a Hello without reserved nonces is not answered") {
    TestClient client = this->client();
    server_.add_nonces(5, 1);
    CHECK(greet(client));
    CHECK(drops(client.hello()) == DropReason::NoNonces);
    server_.add_nonces(6, 1);
    CHECK(greet(client));
}

TEST_CASE_FIXTURE(ServerFixture, "an Initiate opens a connection with its message as a frame") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    Packet initiate = client.initiate(640, 0xab);
    auto action = send(initiate, 4711);
    auto& open = std::get<Server::Open>(action);
    CHECK(open.initiate.client_long_term == client.long_term());
    CHECK(open.path == path_from(4711));
    REQUIRE(open.frame.size() == 641);
    CHECK(open.frame[0] == 40);
    CHECK(open.frame[1] == 0xab);
    CHECK(open.frame[640] == 0xab);
    CHECK(server_.next_number() == 1);
    const ConnectionId id = server_.on_handler_started(std::move(open));
    CHECK(server_.connection(id).number == 1);
    CHECK(server_.connection(id).client_long_term == client.long_term());
    CHECK(server_.next_number() == 2);
}

TEST_CASE_FIXTURE(ServerFixture, "messages go both ways once connected") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    const ConnectionId id = open(client.initiate()).value();
    for (const std::size_t size : {16U, 1088U}) {
        Packet datagram = client.message(size, 0x5a);
        const auto action = send(datagram);
        const auto& delivery = std::get<Server::Deliver>(action);
        CHECK(delivery.connection == id);
        REQUIRE(delivery.frame.size() == 1 + size);
        CHECK(delivery.frame[0] == size / 16);
        CHECK(delivery.frame[1] == 0x5a);
        CHECK(delivery.frame[size] == 0x5a);

        Packet answer(Server::packet_size(size));
        REQUIRE(server_.seal_message(id, Packet(size, 0xc3), answer));
        CHECK(client.open(answer) == Packet(size, 0xc3));
    }
}

TEST_CASE_FIXTURE(ServerFixture, "a second Initiate of a connected client is one more message") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    const ConnectionId id = open(client.initiate()).value();
    Packet again = client.initiate(32, 9);
    // Cookie, vouch and name of a connected client's Initiate are not looked at.
    std::fill_n(again.begin() + Initiate::Cookie::kOffset, SealedCookie::kSize, std::uint8_t{0});
    const auto action = send(again);
    const auto& delivery = std::get<Server::Deliver>(action);
    CHECK(delivery.connection == id);
    REQUIRE(delivery.frame.size() == 33);
    CHECK(delivery.frame[0] == 2);
    CHECK(delivery.frame[1] == 9);
}

TEST_CASE_FIXTURE(ServerFixture, "a recorded Initiate opens nothing, connected or ended") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    const Packet initiate = client.initiate();
    const Packet second = client.initiate();
    const ConnectionId id = open(initiate).value();
    CHECK(drops(initiate) == DropReason::Repeated);
    server_.on_handler_end(id);
    // Neither at once, nor another of the same cookie, nor as long as the cookie lives.
    CHECK(drops(initiate) == DropReason::CookieSpent);
    CHECK(drops(second) == DropReason::CookieSpent);
    for (int elapsed = 0; elapsed < 300; ++elapsed) {
        now_ += seconds(1);
        CHECK(drops(second).has_value());
    }
    CHECK(drops(second) == DropReason::CookieExpired);
}

TEST_CASE_FIXTURE(ServerFixture, "a cookie is not spent by an Initiate that fails") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    Packet broken = client.initiate();
    broken.back() ^= 1U;
    CHECK(drops(broken) == DropReason::BadInitiate);
    Packet unlucky = client.initiate();
    CHECK(std::holds_alternative<Server::Open>(send(unlucky)));
    server_.on_handler_failed();
    CHECK(server_.dropped().of(DropReason::HandlerNotStarted) == 1);
    CHECK(open(client.initiate()).has_value());
}

TEST_CASE("a full server is silent, spends no cookie and has room again after an end") {
    ServerFixture fixture(1);
    TestClient first = fixture.client();
    TestClient second = fixture.client();
    REQUIRE(fixture.greet(first));
    REQUIRE(fixture.greet(second));
    const ConnectionId id = fixture.open(first.initiate()).value();
    CHECK(fixture.drops(second.initiate()) == DropReason::ServerFull);
    fixture.server_.on_handler_end(id);
    CHECK(fixture.open(second.initiate()).has_value());
}

TEST_CASE_FIXTURE(ServerFixture, "a server that can remember no more cookies lets nobody new in") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    Packet first = client.initiate();
    const auto action = send(first);
    spend_all_cookies(server_, std::get<Server::Open>(action).initiate.minute_key);
    CHECK(drops(client.initiate()) == DropReason::SpentCookiesFull);
    // The next minute key's cookies are counted anew.
    now_ += seconds(60);
    TestClient later = this->client();
    REQUIRE(greet(later));
    CHECK(drops(client.initiate()) == DropReason::SpentCookiesFull);
    CHECK(open(later.initiate()).has_value());
}

TEST_CASE_FIXTURE(ServerFixture, "cookies live between one and two minutes") {
    TestClient early = client();
    REQUIRE(greet(early));
    now_ += seconds(59);
    TestClient late = client();
    REQUIRE(greet(late));
    now_ += seconds(60);
    CHECK(open(early.initiate()).has_value());
    TestClient expired = client();
    now_ = TimePoint(std::chrono::hours(2));
    REQUIRE(greet(expired));
    CHECK(drops(late.initiate()) == DropReason::CookieExpired);
    now_ += seconds(120);
    CHECK(drops(expired.initiate()) == DropReason::CookieExpired);
}

TEST_CASE_FIXTURE(ServerFixture, "answers follow the client's newest packet and nothing else") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    const ConnectionId id = open(client.initiate(), 1000).value();
    const Packet late = client.message();
    Packet newest = client.message();
    client.move_to(extension_of(9));
    Packet moved = client.message();
    REQUIRE(std::holds_alternative<Server::Deliver>(send(newest, 2000)));
    CHECK(server_.connection(id).path == path_from(2000));
    REQUIRE(std::holds_alternative<Server::Deliver>(send(moved, 3000)));
    CHECK(server_.connection(id).path == path_from(3000));
    CHECK(server_.connection(id).client_extension == extension_of(9));

    // Late: delivered, but it moves nothing. Repeated and forged: neither.
    Packet late_copy = late;
    CHECK(std::holds_alternative<Server::Deliver>(send(late_copy, 4000)));
    CHECK(drops(late, 5000) == DropReason::Repeated);
    Packet forged = client.message();
    forged.back() ^= 1U;
    CHECK(drops(forged, 6000) == DropReason::BadMessage);
    CHECK(server_.connection(id).path == path_from(3000));
    CHECK(server_.connection(id).client_extension == extension_of(9));

    Packet answer(Server::packet_size(16));
    REQUIRE(server_.seal_message(id, Packet(16), answer));
    CHECK(Extension(field<ServerMessage::ClientExtension>(std::span(answer))) == extension_of(9));
}

TEST_CASE_FIXTURE(ServerFixture, "strangers are dropped without an answer") {
    TestClient client = this->client();
    REQUIRE(greet(client));
    CHECK(drops(client.message()) == DropReason::UnknownClient);
    CHECK(drops(Packet(1184)) == DropReason::NotAPacket);
    CHECK(drops({}) == DropReason::NotAPacket);
    Packet other_server = client.hello();
    other_server[Hello::ServerExtension::kOffset] ^= 1U;
    CHECK(drops(other_server) == DropReason::WrongExtension);
    Packet initiate = client.initiate();
    initiate[Initiate::ServerExtension::kOffset] ^= 1U;
    CHECK(drops(initiate) == DropReason::WrongExtension);
    TestClient mistaken(keys_.public_key, extension_of(7), "other.test");
    REQUIRE(greet(mistaken));
    CHECK(drops(mistaken.initiate()) == DropReason::WrongServerName);
    CHECK(server_.dropped().of(DropReason::WrongServerName) == 1);
}
