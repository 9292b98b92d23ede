// What a stream pair says, and when.
#include "tests/unit/messagehandler/stream_pair_harness.hpp"

using namespace curvecp;
using namespace curvecp::messagehandler;

TEST_CASE("with -c a ping leaves at once and is repeated until a message comes") {
    Harness harness(Role::ClientServerSpeaksFirst);
    const auto sent = harness.run_for(8s);
    REQUIRE(sent.size() == 4);
    for (const Sent& ping : sent) CHECK(is_ping(ping));
    CHECK(sent[0].at == kStart);
    CHECK(sent[1].at == kStart + 1s);
    CHECK(sent[2].at == kStart + 3s);
    CHECK(sent[3].at == kStart + 7s);
    CHECK(sent[1].header.id != sent[0].header.id);
    harness.acknowledge(0);
    CHECK(harness.run_for(19s).empty());
}

TEST_CASE("with -C the first data leaves at once, and a ping after one second without any") {
    Harness silent(Role::ClientSpeaksFirst);
    const auto pings = silent.run_for(1500ms);
    REQUIRE(pings.size() == 1);
    CHECK(pings[0].at == kStart + 1s);
    CHECK(is_ping(pings[0]));

    Harness speaking(Role::ClientSpeaksFirst);
    speaking.write(10);
    const auto sent = speaking.run_for(999ms);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].block.size() == 10);
    const auto later = speaking.run_for(2s);  // repeated, but no ping
    REQUIRE(later.size() == 1);
    CHECK(later[0].block.size() == 10);
}

TEST_CASE("with -s nothing leaves unasked") {
    Harness harness(Role::Server);
    CHECK(harness.run_for(9s).empty());
}

TEST_CASE("a client's blocks have 512 bytes until a message has come, and 1024 after") {
    Harness harness(Role::ClientSpeaksFirst);
    harness.write(60000);
    const auto first = harness.take();
    CHECK(first.size() == 48);  // as long as no round-trip time is known
    for (const Sent& message : first) {
        CHECK(message.block.size() == 512);
        CHECK(message.size <= 640);
    }
    harness.acknowledge(512, first[0].header.id);
    const auto second = harness.take();
    REQUIRE(second.size() >= 1);
    CHECK(second[0].block.size() == 1024);
}

TEST_CASE("a server's blocks have 1024 bytes from the start") {
    Harness harness(Role::Server);
    harness.write(3000);
    CHECK(harness.take().front().block.size() == 1024);
}

TEST_CASE("a ping is answered at once, by a message with id 0 and its id") {
    Harness harness(Role::Server);
    harness.receive_ping(77);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].header.id == kNoId);
    CHECK(sent[0].header.acknowledged_id == MessageId{77});
    CHECK(sent[0].size == 192);
    harness.receive_ping(77);
    const auto again = harness.take();
    REQUIRE(again.size() == 1);
    CHECK(again[0].header.acknowledged_id == kNoId);
}

TEST_CASE("a pure acknowledgment is never answered, even where it has a block") {
    Harness harness(Role::Server);
    harness.acknowledge(0);
    harness.receive_block(0, 0, "abc");
    CHECK(harness.take().empty());
    CHECK(harness.pair.input().empty());
}

TEST_CASE("what is ignored is not answered, and its acknowledgments count") {
    Harness harness = established();
    harness.write(100);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    MessageHeader beyond;
    beyond.id = MessageId{5};
    beyond.position = {9'000'000};
    beyond.acknowledged.add({{0}, {101}});
    harness.receive(beyond, "x");
    CHECK(harness.run_for(1h).empty());  // nothing is sent again
}

TEST_CASE("an acknowledgment waits for data, at most 5 ms") {
    Harness harness = established();
    harness.receive_block(5, 0, "abc");
    CHECK(harness.take().empty());
    harness.write(3);
    const auto combined = harness.take();
    REQUIRE(combined.size() == 1);
    CHECK(combined[0].header.acknowledged_id == MessageId{5});
    CHECK(combined[0].header.acknowledged.ranges[0] == Range{{0}, {3}});
    CHECK(combined[0].block.size() == 3);
    harness.acknowledge(4, combined[0].header.id);
    harness.receive_block(6, 3, "def");
    const auto delayed = harness.run_for(10ms);
    REQUIRE(delayed.size() == 1);
    CHECK(delayed[0].at <= kStart + 20ms + 5ms);
    CHECK(delayed[0].header.id == kNoId);
    CHECK(delayed[0].header.acknowledged_id == MessageId{6});
}

TEST_CASE("an acknowledgment leaves at once for a block out of order, again, or with an end") {
    Harness harness = established();
    harness.receive_block(5, 10, "abc");
    CHECK(harness.take().size() == 1);
    harness.receive_block(6, 10, "abc");
    CHECK(harness.take().size() == 1);
    harness.receive_block(7, 0, "0123456789");
    CHECK(harness.take().size() == 1);
    harness.receive_block(8, 13, "z", Ending::Success);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].header.acknowledged.ranges[0] == Range{{0}, {15}});
}

TEST_CASE("eight messages have one acknowledgment, at once") {
    Harness harness = established();
    for (std::uint32_t i = 0; i < 7; ++i) harness.receive_block(10 + i, i, "x");
    CHECK(harness.take().empty());
    harness.receive_block(17, 7, "x");
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].header.acknowledged_id == MessageId{17});
}

TEST_CASE(
    "a block without an answer is sent again, later and later, in a message with a fresh id") {
    Harness harness = established();
    harness.write(10);
    const auto sent = harness.run_for(20s);
    std::vector<Sent> blocks;
    std::size_t pings = 0;
    for (const Sent& message : sent) {
        if (is_ping(message)) ++pings;
        if (message.block.size() == 10) blocks.push_back(message);
    }
    REQUIRE(blocks.size() >= 6);
    for (std::size_t i = 1; i < blocks.size(); ++i) {
        const Duration gap = blocks[i].at - blocks[i - 1].at;
        CHECK(gap <= 5s);
        CHECK(blocks[i].header.id != blocks[i - 1].header.id);
        if (i > 1) CHECK(gap >= blocks[i - 1].at - blocks[i - 2].at);
    }
    // With the second time-out and every later one a ping goes as well.
    CHECK(pings == blocks.size() - 2);
}

TEST_CASE("a silent peer gets one block for each time-out, however many are unanswered") {
    Harness harness = established();
    harness.write(10000);
    CHECK(harness.run_for(10ms).size() == 10);
    harness.now += 10s;
    harness.write(10000);
    CHECK(harness.take().size() <= 4);
    harness.now += 10s;
    const auto probe = harness.take();
    REQUIRE(probe.size() == 2);
    CHECK(probe[0].header.position == StreamPosition{1});
    CHECK(is_ping(probe[1]));
    // The answer to the ping says nothing about room.
    harness.now += 10ms;
    harness.acknowledge(1, probe[1].header.id);
    CHECK(harness.take().empty());
    // Any other message makes the next probe leave soon.
    harness.receive_ping(99);
    const auto hurried = harness.run_for(500ms);
    CHECK(std::count_if(hurried.begin(), hurried.end(), [](const Sent& message) {
              return message.header.position == StreamPosition{1};
          }) == 1);
}

TEST_CASE("a silent peer gets no new blocks, though the window is open") {
    Harness harness = established();
    harness.write(100);
    static_cast<void>(harness.run_for(5s));
    harness.write(10000);
    for (const Sent& message : harness.run_for(10s)) {
        CHECK((is_ping(message) || message.block.size() == 100));
    }
    harness.acknowledge(101);
    CHECK(harness.take().size() >= 2);
}

TEST_CASE("a block that later ones overtook is sent again, without a time-out") {
    Harness harness = established();
    harness.write(4 * 1024);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 4);
    harness.now += 20ms;
    MessageHeader header;
    header.acknowledged_id = sent[3].header.id;
    header.acknowledged.add({{0}, {1}});
    header.acknowledged.add({{1 + 1024}, {1 + 4 * 1024}});
    harness.receive(header);
    CHECK(harness.take().empty());  // it may be reordered yet
    const auto again = harness.run_for(6ms);
    REQUIRE(again.size() == 1);
    CHECK(again[0].header.position == StreamPosition{1});
    CHECK(again[0].block.size() == 1024);
}

TEST_CASE("a block whose id came back is not lost, though no range covers it") {
    Harness harness = established();
    harness.write(3 * 1024);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 3);
    harness.now += 20ms;
    for (const std::size_t i : {1, 2}) harness.acknowledge(1, sent[i].header.id);
    const auto again = harness.run_for(30ms);
    REQUIRE(again.size() == 1);
    CHECK(again[0].header.position == StreamPosition{1});
    harness.acknowledge(1 + 3 * 1024, again[0].header.id);
    CHECK(harness.run_for(10min).empty());
}

TEST_CASE("how long a peer slept is no round-trip time") {
    Harness harness = established();
    harness.write(8 * 1024);
    auto sent = harness.take();
    for (const Sent& message : harness.run_for(30s)) sent.push_back(message);
    // It wakes, and answers all that has waited for it.
    for (const Sent& message : sent) harness.acknowledge(1 + 8 * 1024, message.header.id);
    CHECK(harness.pair.rtt().smoothed() == 20ms);
    // One loss later on is repaired soon, long before the peer counts as vanished.
    harness.write(10);
    CHECK(harness.take().size() == 1);
    CHECK(harness.run_for(1s).size() >= 1);
}

TEST_CASE("a round-trip time that grew beyond the first time-outs is learned") {
    Harness harness = established();
    for (int round = 0; round < 30; ++round) {
        harness.write(10);
        const auto sent = harness.take();
        REQUIRE_FALSE(sent.empty());
        static_cast<void>(harness.run_for(2s));
        harness.acknowledge(1 + 10 * (static_cast<std::uint64_t>(round) + 1), sent[0].header.id);
    }
    CHECK(harness.pair.rtt().smoothed() > 1900ms);
}
