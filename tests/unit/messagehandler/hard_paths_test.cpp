// Two stream pairs over paths, and with programs, that are as awkward as can be.
#include "stream_pair_loopback.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

using Status = StreamPair::Status;

constexpr StreamPair::Config kReader{.role = Role::ClientSpeaksFirst};
constexpr std::size_t kSmallBuffer = SendStream::kAssumedRoom;

// Each message that tells of more room than those before it is lost.
std::function<bool(Bytes)> losing_announcements() {
    return [told = std::set<StreamPosition>()](Bytes bytes) mutable {
        const auto message = decode(bytes);
        const bool tells = message && message->header.receive_limit;
        return tells && told.insert(message->header.receive_limit->limit).second;
    };
}

}  // namespace

TEST_CASE("every announcement of the limit may be lost once: the stream goes on") {
    for (const bool pauses : {false, true}) {
        CAPTURE(pauses);
        StreamPair::Config reader = kReader;
        reader.buffer = kSmallBuffer;
        Loopback net(reader, {}, {.drops = losing_announcements()}, 1);
        net.b.output = random_bytes(3'000'000, 1);
        for (int i = 0; pauses && i < 30; ++i) {
            net.a.paused = !net.a.paused;
            REQUIRE(net.run_for(1s));
        }
        net.a.paused = false;
        REQUIRE(net.run_for(60s));
        CHECK(net.a.input == net.b.output);
        CHECK(net.a.pair.status() == Status::Done);
        CHECK(net.b.pair.status() == Status::Done);
    }
}

TEST_CASE("a program that reads a byte a second loses nothing, and nobody gives up or hurries") {
    StreamPair::Config reader = kReader;
    reader.buffer = kSmallBuffer;
    Loopback net(reader, {}, {}, 1);
    net.b.output = random_bytes(500'000, 1);
    net.a.paused = true;
    REQUIRE(net.run_for(1s));
    const std::size_t before = net.a.sent_messages + net.b.sent_messages;
    for (int second = 0; second < 600; ++second) {
        CHECK(net.a.read(net.now, 1));
        REQUIRE(net.run_for(1s));
    }
    CHECK(net.a.input.size() == 600);
    CHECK(net.a.sent_messages + net.b.sent_messages - before < 1200);
    CHECK(net.a.pair.status() == Status::Running);
    CHECK(net.b.pair.status() == Status::Running);
    net.a.paused = false;
    REQUIRE(net.run_for(10s));
    CHECK(net.a.input == net.b.output);
}

TEST_CASE("what a program writes now and then arrives after half a round trip, at any time") {
    Loopback net(kReader, {}, {.delay = 10ms}, 1);
    net.b.ends = false;
    for (int i = 0; i < 600; ++i) {
        const std::size_t size = net.b.output.size() + 10'000;
        net.b.output = random_bytes(size, 1);
        REQUIRE(net.run_for(i == 0 ? 100ms : 20ms));
        REQUIRE(net.a.input.size() == size);
        REQUIRE(net.run_for(50ms));
    }
    CHECK(net.b.pair.recovery().statistics().retransmitted == 0);
}

TEST_CASE("a path that drops full-size packets is blamed, and carries smaller blocks") {
    const auto drops = [](Bytes message) { return message.size() > 1024; };
    Loopback net(kReader, {}, {.drops = drops}, 1);
    net.b.output = random_bytes(100'000, 1);
    REQUIRE(net.run_for(55s));
    CHECK(net.b.pair.status() == Status::Running);
    REQUIRE(net.run_for(15s));
    CHECK(net.b.pair.status() == Status::BlocksVanish);

    Loopback small(kReader, {.max_block = 512}, {.drops = drops}, 1);
    small.b.output = random_bytes(100'000, 1);
    REQUIRE(small.run_for(10s));
    CHECK(small.a.input == small.b.output);
}
