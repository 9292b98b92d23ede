// A stream pair against messages made by hand.
#include "messagehandler/stream_pair.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

using Status = StreamPair::Status;

constexpr TimePoint kStart{1000s};

struct Sent {
    TimePoint at;
    std::size_t size;
    MessageHeader header;
    std::vector<std::uint8_t> block;
};

// A pair on a clock of its own, and a peer that says what the test wants.
struct Harness {
    explicit Harness(Role role, Duration timeout = 60s)
        : pair({.role = role, .timeout = timeout}, kStart) {}

    // What leaves now.
    std::vector<Sent> take() {
        std::vector<Sent> result;
        std::array<std::uint8_t, kMaxMessageSize> out{};
        while (const std::size_t size = pair.next_message(now, out)) {
            REQUIRE(result.size() < 1000);
            const auto message = decode(Bytes(out).first(size));
            REQUIRE(message);
            result.push_back(
                {now, size, message->header, {message->block.begin(), message->block.end()}});
        }
        const auto next = pair.next_deadline();
        if (next) CHECK(*next > now);
        return result;
    }
    // What leaves until then, with nothing from the peer.
    std::vector<Sent> run_for(Duration duration) {
        const TimePoint end = now + duration;
        std::vector<Sent> result = take();
        for (auto next = pair.next_deadline(); next && *next <= end; next = pair.next_deadline()) {
            now = *next;
            for (auto& message : take()) result.push_back(message);
        }
        now = end;
        return result;
    }
    void receive(MessageHeader header, std::string_view block = {}) {
        std::array<std::uint8_t, kMaxMessageSize> bytes{};
        header.block_size = block.size();
        if (header.acknowledged.count == 0) header.acknowledged.add({});
        const Encoded message = encode(header, bytes);
        std::copy(block.begin(), block.end(), message.block.begin());
        pair.on_message(now, Bytes(bytes).first(message.size));
    }
    // An acknowledgment of everything before `position`.
    void acknowledge(std::uint64_t position, MessageId id = kNoId) {
        MessageHeader header;
        header.acknowledged_id = id;
        header.acknowledged.add({{0}, {position}});
        receive(header);
    }
    void receive_ping(std::uint32_t id) {
        MessageHeader header;
        header.id = MessageId{id};
        receive(header);
    }
    void receive_block(std::uint32_t id, std::uint64_t position, std::string_view block,
                       std::optional<Ending> ending = std::nullopt) {
        MessageHeader header;
        header.id = MessageId{id};
        header.position = {position};
        header.ending = ending;
        receive(header, block);
    }
    void write(std::size_t size) {
        while (size > 0) {
            const MutableBytes room = pair.output_room();
            REQUIRE_FALSE(room.empty());
            const std::size_t part = std::min(size, room.size());
            std::fill_n(room.begin(), part, std::uint8_t{'x'});
            pair.commit_output(part);
            size -= part;
        }
    }

    TimePoint now = kStart;
    StreamPair pair;
};

bool is_ping(const Sent& sent) {
    return sent.header.is_ping() && sent.size == 192 && sent.header.position == StreamPosition{0};
}

// Gives the pair a round-trip time of 20 ms and an established connection.
Harness established(Role role = Role::Server) {
    Harness harness(role);
    static_cast<void>(harness.take());
    harness.write(1);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    harness.now += 20ms;
    harness.acknowledge(1, sent[0].header.id);
    CHECK(harness.pair.rtt().smoothed() == 20ms);
    CHECK(harness.take().empty());
    return harness;
}

}  // namespace

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
    harness.write(20000);
    const auto first = harness.take();
    CHECK(first.size() == 19);  // ten full messages' worth
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
    beyond.position = {300000};
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
    CHECK(harness.take().size() == 10);
    harness.now += 10s;
    harness.write(10000);
    CHECK(harness.take().size() <= 2);
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

TEST_CASE("a peer that answers nothing for the time-out has vanished") {
    for (const Role role : {Role::ClientServerSpeaksFirst, Role::ClientSpeaksFirst}) {
        Harness harness(role);
        static_cast<void>(harness.run_for(61s));
        CHECK(harness.pair.status() == Status::PeerVanished);
        CHECK_FALSE(harness.pair.next_deadline());
    }
    Harness harness(Role::Server, 5s);
    harness.write(1);
    static_cast<void>(harness.run_for(4900ms));
    CHECK(harness.pair.status() == Status::Running);
    harness.receive_ping(1);  // any valid message
    static_cast<void>(harness.run_for(4900ms));
    CHECK(harness.pair.status() == Status::Running);
    static_cast<void>(harness.run_for(6s));
    CHECK(harness.pair.status() == Status::PeerVanished);
}

TEST_CASE("rubbish does not keep a peer alive") {
    Harness harness(Role::Server, 5s);
    harness.write(1);
    for (int i = 0; i < 6; ++i) {
        const std::array<std::uint8_t, 32> rubbish{};
        harness.pair.on_message(harness.now, rubbish);
        static_cast<void>(harness.run_for(1s));
    }
    CHECK(harness.pair.status() == Status::PeerVanished);
}

TEST_CASE("a server stays for ever with a client that is silent, and asks for nothing") {
    Harness harness = established();
    CHECK(harness.run_for(24h).empty());
    CHECK(harness.pair.status() == Status::Running);
}

TEST_CASE("an idle client asks for nothing") {
    Harness harness = established(Role::ClientSpeaksFirst);
    CHECK(harness.run_for(24h).empty());
    CHECK(harness.pair.status() == Status::Running);
}

TEST_CASE("a client whose server stopped in mid-stream asks, so that it is found after it moved") {
    Harness harness = established(Role::ClientSpeaksFirst);
    harness.receive_block(3, 0, "abc");
    const TimePoint last = harness.now;
    const auto stalled = harness.run_for(2s);
    REQUIRE(stalled.size() == 2);
    CHECK(stalled[0].header.id == kNoId);
    CHECK(is_ping(stalled[1]));
    CHECK(stalled[1].at == last + 2s);
    SUBCASE("once, where it is answered") {
        harness.acknowledge(0, stalled[1].header.id);
        CHECK(harness.run_for(24h).empty());
        CHECK(harness.pair.status() == Status::Running);
    }
    SUBCASE("until the server has vanished, where it is not") {
        static_cast<void>(harness.run_for(60s));
        CHECK(harness.pair.status() == Status::PeerVanished);
    }
}

TEST_CASE("an acknowledgment does not keep a client from asking for what may be missing") {
    Harness harness = established(Role::ClientSpeaksFirst);
    harness.receive_block(3, 0, "abc");
    const TimePoint last = harness.now;
    static_cast<void>(harness.run_for(1s));
    harness.acknowledge(0, kNoId);
    const auto sent = harness.run_for(1s);
    REQUIRE(sent.size() == 1);
    CHECK(is_ping(sent[0]));
    CHECK(sent[0].at == last + 2s);
}

TEST_CASE("a client that never acknowledged anything is asked after 10 s, and vanishes") {
    Harness harness(Role::Server);
    harness.receive_ping(1);
    CHECK(harness.take().size() == 1);
    const auto sent = harness.run_for(11s);
    REQUIRE(sent.size() >= 1);
    CHECK(sent[0].at == kStart + 10s);
    CHECK(is_ping(sent[0]));
    static_cast<void>(harness.run_for(60s));
    CHECK(harness.pair.status() == Status::PeerVanished);
}

TEST_CASE("where only the peer's end is missing the peer is asked after 20 s of quiet") {
    Harness harness = established();
    harness.pair.end_output(Ending::Success);
    const auto end = harness.take();
    REQUIRE(end.size() == 1);
    harness.acknowledge(2, end[0].header.id);
    const TimePoint quiet = harness.now;
    const auto sent = harness.run_for(20s);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].at == quiet + 20s);
    CHECK(is_ping(sent[0]));
    harness.acknowledge(2, sent[0].header.id);
    CHECK(harness.run_for(19s).empty());
    static_cast<void>(harness.run_for(70s));
    CHECK(harness.pair.status() == Status::PeerVanished);
}

TEST_CASE("after the program's exit the peer's end is waited for 10 s of quiet") {
    Harness harness = established();
    harness.pair.end_output(Ending::Success);
    const auto end = harness.take();
    harness.acknowledge(2, end[0].header.id);
    harness.now += 3s;
    harness.pair.on_program_exit(harness.now);
    static_cast<void>(harness.run_for(9s));
    CHECK(harness.pair.status() == Status::Running);
    harness.receive_block(3, 0, "more");
    static_cast<void>(harness.run_for(9s));
    CHECK(harness.pair.status() == Status::Running);
    static_cast<void>(harness.run_for(2s));
    CHECK(harness.pair.status() == Status::Done);
}

TEST_CASE("after both ends a client lingers half a second, a server two, and answers") {
    for (const Role role : {Role::Server, Role::ClientSpeaksFirst}) {
        Harness harness = established(role);
        harness.pair.end_output(Ending::Success);
        const auto end = harness.take();
        harness.acknowledge(2, end[0].header.id);
        harness.receive_block(3, 0, "", Ending::Success);
        const TimePoint complete = harness.now;
        const auto answer = harness.take();
        REQUIRE(answer.size() == 1);
        CHECK(answer[0].header.acknowledged_id == MessageId{3});
        CHECK(answer[0].header.acknowledged.ranges[0] == Range{{0}, {1}});
        CHECK(harness.pair.status() == Status::Lingering);
        const Duration linger = role == Role::Server ? 2s : 500ms;
        static_cast<void>(harness.run_for(linger - 10ms));
        CHECK(harness.pair.status() == Status::Lingering);
        harness.receive_block(4, 0, "", Ending::Success);
        const auto again = harness.take();
        REQUIRE(again.size() == 1);
        CHECK(again[0].header.acknowledged_id == MessageId{4});
        static_cast<void>(harness.run_for(10ms));
        CHECK(harness.pair.status() == Status::Done);
        CHECK(harness.now == complete + linger);
    }
}

TEST_CASE("a client leaves as soon as the peer is known to need nothing more") {
    Harness harness = established(Role::ClientSpeaksFirst);
    harness.receive_block(3, 0, "", Ending::Success);
    harness.pair.end_output(Ending::Success);
    const auto end = harness.take();  // says that the peer's end has arrived
    REQUIRE(end.size() == 1);
    CHECK(end[0].header.acknowledged.ranges[0] == Range{{0}, {1}});
    harness.now += 20ms;
    harness.acknowledge(2, end[0].header.id);
    CHECK(harness.take().empty());
    CHECK(harness.pair.status() == Status::Done);
}

TEST_CASE("the last acknowledgment asks, so that its answer ends the lingering") {
    Harness harness = established(Role::ClientSpeaksFirst);
    harness.pair.end_output(Ending::Success);
    const auto end = harness.take();
    harness.acknowledge(2, end[0].header.id);
    harness.receive_block(3, 0, "", Ending::Success);
    const auto last = harness.take();
    REQUIRE(last.size() == 1);
    CHECK(is_ping(last[0]));
    harness.now += 20ms;
    harness.acknowledge(2, last[0].header.id);
    CHECK(harness.take().empty());
    CHECK(harness.pair.status() == Status::Done);
}

TEST_CASE("an end that was sent before the peer's end arrived proves nothing about it") {
    Harness harness = established(Role::ClientSpeaksFirst);
    harness.pair.end_output(Ending::Success);
    const auto end = harness.take();
    harness.receive_block(3, 0, "", Ending::Success);
    harness.acknowledge(2, end[0].header.id);
    static_cast<void>(harness.take());
    CHECK(harness.pair.status() == Status::Lingering);
}

TEST_CASE("the program's side: bytes, ends, discarding") {
    Harness harness = established();
    harness.receive_block(3, 0, "hello", Ending::Failure);
    CHECK(harness.pair.input().size() == 5);
    CHECK_FALSE(harness.pair.input_end());
    harness.pair.consume_input(harness.now, 5);
    CHECK(harness.pair.input_end() == Ending::Failure);

    Harness other = established();
    other.pair.discard_input(other.now);
    other.receive_block(3, 0, "hello", Ending::Success);
    CHECK(other.pair.input().empty());
    CHECK(other.pair.input_end() == Ending::Success);
}

TEST_CASE("a peer whose block was refused hears when there is room again") {
    Harness harness = established();
    const std::string block(1024, 'x');
    std::uint64_t at = 0;
    for (std::uint32_t id = 10; at < ReceiveStream::kCapacity; ++id, at += block.size()) {
        harness.receive_block(id, at, block);
        static_cast<void>(harness.take());
    }
    harness.receive_block(9999, at, block);
    CHECK(harness.run_for(1min).empty());
    while (!harness.pair.input().empty()) {
        harness.pair.consume_input(harness.now, harness.pair.input().size());
    }
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].header.id == kNoId);
    CHECK(harness.run_for(1min).empty());
}
