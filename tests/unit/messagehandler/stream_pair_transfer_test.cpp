#include "stream_pair_loopback.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

using Status = StreamPair::Status;

constexpr StreamPair::Config kServer{};
constexpr StreamPair::Config kClientFirst{.role = Role::ClientSpeaksFirst};
constexpr StreamPair::Config kServerFirst{.role = Role::ClientServerSpeaksFirst};

void check_transfer(Loopback& net, Duration limit) {
    REQUIRE(net.run_for(limit));
    CHECK(net.a.input == net.b.output);
    CHECK(net.b.input == net.a.output);
    CHECK(net.a.pair.input_end() == net.b.ending);
    CHECK(net.b.pair.input_end() == net.a.ending);
    CHECK(net.a.pair.status() == Status::Done);
    CHECK(net.b.pair.status() == Status::Done);
}

}  // namespace

TEST_CASE("both streams arrive intact, in every role and of every size") {
    for (const auto& client : {kClientFirst, kServerFirst}) {
        for (const std::size_t up : {0, 1, 512, 1025, 300000}) {
            for (const std::size_t down : {0, 1, 144, 1000000}) {
                CAPTURE(up);
                CAPTURE(down);
                Loopback net(client, kServer, {}, 1);
                net.a.output = random_bytes(up, 1);
                net.b.output = random_bytes(down, 2);
                net.b.ending = Ending::Failure;
                check_transfer(net, 60s);
            }
        }
    }
}

TEST_CASE("loss, reordering and duplication spoil nothing") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        Loopback net(seed % 2 == 0 ? kClientFirst : kServerFirst, kServer,
                     {.delay = 10ms, .loss = 0.1, .reordering = 0.05, .duplication = 0.02}, seed);
        net.a.output = random_bytes(500000, seed);
        net.b.output = random_bytes(500000, seed + 1000);
        check_transfer(net, 20min);
    }
}

TEST_CASE("a fast link is used: 20 MB at a round trip of 200 us take half a second at most") {
    Loopback net(kClientFirst, kServer, {.delay = 100us}, 1);
    net.b.output = random_bytes(20000000, 1);
    const TimePoint start = net.now;
    check_transfer(net, 60s);
    CHECK(net.now - start < 500ms + 2s);  // and the server's lingering
}

TEST_CASE("loss at an end of either stream, and of acknowledgments, spoils nothing") {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Loopback net(seed % 2 == 0 ? kClientFirst : kServerFirst, kServer,
                     {.delay = 1ms, .loss = 0.3, .reordering = 0.3, .duplication = 0.2}, seed);
        net.a.output = random_bytes(seed % 7 * 300, seed);
        net.b.output = random_bytes(seed % 5 * 1000, seed + 1000);
        REQUIRE(net.run_for(10min));
        CHECK(net.a.input == net.b.output);
        CHECK(net.b.input == net.a.output);
    }
}

TEST_CASE("a program that pauses for 90 seconds loses nothing and is not taken for vanished") {
    for (const bool up : {false, true}) {
        CAPTURE(up);
        Loopback net(kClientFirst, kServer, {}, 1);
        Endpoint& writer = up ? net.a : net.b;
        Endpoint& reader = up ? net.b : net.a;
        writer.output = random_bytes(12'000'000, 1);
        reader.paused = true;
        REQUIRE(net.run_for(90s));
        CHECK(writer.pair.status() == Status::Running);
        CHECK(reader.input.empty());
        // It is only probed: some messages each second at most.
        const std::size_t sent = writer.sent_messages;
        REQUIRE(net.run_for(30s));
        CHECK(writer.sent_messages - sent < 30);
        // And goes on at once, not after the longest time-out.
        reader.paused = false;
        REQUIRE(net.run_for(1s));
        CHECK(reader.input == writer.output);
        CHECK(net.run_for(10s));
        CHECK(net.a.pair.status() == Status::Done);
    }
}

TEST_CASE("no burst is above 48 messages, to a peer that reads at once above 128") {
    for (const bool extensions : {false, true}) {
        StreamPair::Config client = kClientFirst;
        StreamPair::Config server = kServer;
        client.extensions = server.extensions = extensions;
        Loopback net(client, server, {.delay = 20ms}, 1);
        net.b.output = random_bytes(10000000, 1);
        net.a.output = random_bytes(10000000, 2);
        check_transfer(net, 10min);
        const std::size_t most = (extensions ? 128 : 48) + 2;  // with acknowledgments
        CHECK(net.a.most_at_once <= most);
        CHECK(net.b.most_at_once <= most);
    }
}

TEST_CASE("an outage of 50 seconds is survived") {
    Loopback net(kClientFirst, kServer, {}, 1);
    net.a.output = random_bytes(500000, 1);
    net.b.output = random_bytes(500000, 2);
    REQUIRE(net.run_for(40ms));
    net.link.cut = true;
    REQUIRE(net.run_for(50s));
    net.link.cut = false;
    check_transfer(net, 30s);
}

TEST_CASE(
    "what an outage swallowed is not taken for loss by the path: the rate comes back at once") {
    Loopback net(kClientFirst, kServer, {.delay = 100ms}, 1);
    net.b.output = random_bytes(200'000'000, 1);
    REQUIRE(net.run_for(1s));
    net.link.cut = true;
    REQUIRE(net.run_for(3s));
    net.link.cut = false;
    while (net.b.pair.recovery().silent()) REQUIRE(net.run_for(10ms));
    const std::size_t before = net.a.input.size();
    REQUIRE(net.run_for(1s));
    CHECK(net.a.input.size() - before > 10'000'000);
}
