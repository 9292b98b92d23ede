// The receive limit: what is told, what is honoured, and the two rules against deadlock.
#include "tests/unit/messagehandler/stream_pair_harness.hpp"

using namespace curvecp;
using namespace curvecp::messagehandler;

namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20U;

StreamPair::Config server() {
    return {.role = Role::Server, .buffer = kBuffer};
}

// The peer's bytes from `at` on until nothing more is to be announced as room.
std::uint64_t fill(Harness& harness, std::uint64_t at, std::uint64_t end) {
    static std::uint32_t id = 1000;
    const std::string block(1024, 'x');
    for (; at < end; at += block.size()) {
        harness.receive_block(++id, at, block);
        static_cast<void>(harness.take());
    }
    return at;
}

std::uint64_t highest_sent(const std::vector<Sent>& sent) {
    std::uint64_t highest = 0;
    for (const Sent& message : sent) {
        highest = std::max(highest, message.header.position.value + message.block.size());
    }
    return highest;
}

void read_all(Harness& harness) {
    while (!harness.pair.input().empty()) {
        harness.pair.consume_input(harness.now, harness.pair.input().size());
    }
}

}  // namespace

TEST_CASE("every message tells how far is buffered, and how long the id was kept") {
    Harness harness(server());
    harness.receive_ping(7);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    REQUIRE(sent[0].header.receive_limit);
    CHECK(sent[0].header.receive_limit->limit == StreamPosition{kBuffer});
    CHECK(sent[0].header.receive_limit->delay == 0ms);

    harness.write(1);
    const auto block = harness.take();
    REQUIRE(block.size() == 1);
    REQUIRE(block[0].header.receive_limit);
    CHECK_FALSE(block[0].header.receive_limit->delay);  // it answers nothing
}

TEST_CASE("without extensions nothing is told, and what the peer tells is honoured all the same") {
    Harness harness = established({.role = Role::Server, .extensions = false}, 3000);
    harness.write(10'000);
    const auto sent = harness.run_for(1s);
    for (const Sent& message : sent) CHECK_FALSE(message.header.receive_limit);
    CHECK(highest_sent(sent) == 3000);
}

TEST_CASE("no block goes beyond the limit, the end may, and a smaller limit takes nothing back") {
    Harness harness = established(server(), 5000);
    harness.write(20'000);
    CHECK(highest_sent(harness.run_for(1s)) == 5000);
    harness.acknowledge(5000);
    harness.limit = 4000;
    harness.acknowledge(5000);
    CHECK(highest_sent(harness.run_for(1s)) <= 5000);
    harness.limit = 9000;
    harness.acknowledge(5000);
    CHECK(highest_sent(harness.run_for(1s)) == 9000);
    harness.limit = 20'001;
    harness.pair.end_output(Ending::Success);
    harness.acknowledge(9000);
    const auto last = harness.run_for(10s);
    CHECK(highest_sent(last) == 20'001);
    CHECK(std::any_of(last.begin(), last.end(),
                      [](const Sent& message) { return message.header.ending.has_value(); }));
}

TEST_CASE("a sender without room asks, ever more slowly, and never sends a block") {
    Harness harness = established(server(), 1001);
    harness.write(5000);
    const auto block = harness.take();
    REQUIRE(block.size() == 1);
    harness.now += 20ms;
    harness.acknowledge(1001, block[0].header.id);
    const auto pings = harness.run_for(50s);
    REQUIRE(pings.size() >= 10);
    for (std::size_t i = 2; i < pings.size(); ++i) {
        CHECK(is_ping(pings[i]));
        CHECK(pings[i].at - pings[i - 1].at <= 5s);
        CHECK(pings[i].at - pings[i - 1].at >= pings[i - 1].at - pings[i - 2].at);
    }
    harness.limit = 9000;
    harness.acknowledge(1001, pings.back().header.id);
    CHECK(highest_sent(harness.run_for(100ms)) == 5001);
}

TEST_CASE("a receiver whose limit was used up tells of room in a message that wants an answer") {
    Harness harness = established(server(), 1 << 20);
    CHECK(fill(harness, 0, kBuffer) == kBuffer);
    harness.receive_block(1, kBuffer, "x");  // beyond
    CHECK(harness.run_for(10s).empty());
    harness.pair.consume_input(harness.now, 60 * 1024);  // too little to tell of
    CHECK(harness.run_for(10s).empty());
    read_all(harness);
    const auto told = harness.run_for(2s);
    REQUIRE(told.size() >= 3);  // until it is answered
    for (const Sent& message : told) {
        CHECK(is_ping(message));
        REQUIRE(message.header.receive_limit);
        CHECK(message.header.receive_limit->limit == StreamPosition{2 * kBuffer});
    }
    SUBCASE("an answer ends it") {
        harness.acknowledge(1, told.back().header.id);
    }
    SUBCASE("so does what the room is used for") {
        fill(harness, kBuffer, kBuffer + 2048);
    }
    const auto after = harness.run_for(30s);
    CHECK(std::none_of(after.begin(), after.end(), is_ping));
}

TEST_CASE("room is told in steps, so that a slow reader gets no tiny blocks") {
    Harness harness = established(server(), 1 << 20);
    fill(harness, 0, 2048);
    harness.pair.consume_input(harness.now, 1024);
    harness.receive_ping(5);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].header.receive_limit->limit == StreamPosition{kBuffer});
}

TEST_CASE("what the peer waited is no part of the round-trip time") {
    Harness harness = established(server(), 1 << 20);
    harness.write(1);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    harness.now += 90ms;
    harness.answer_delay = 70ms;
    harness.acknowledge(2, sent[0].header.id);
    CHECK(harness.pair.rtt().smoothed() == 20ms);
}

TEST_CASE("a peer that never told a limit gets 131,072 bytes and ten times the patience") {
    Harness harness = established(server());
    harness.write(200'000);
    CHECK(highest_sent(harness.run_for(20s)) <= 1 + 131'072);
    static_cast<void>(harness.run_for(500s));
    CHECK(harness.pair.status() == Status::Running);
    static_cast<void>(harness.run_for(100s));
    CHECK(harness.pair.status() == Status::PeerVanished);
}

TEST_CASE("no more of the output is kept than the buffer that was asked for, however small") {
    Harness harness({.role = Role::Server, .buffer = 131'072});
    harness.write(131'072);
    CHECK(harness.pair.output_room().empty());
}
