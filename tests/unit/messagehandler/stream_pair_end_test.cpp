// Quiet peers, vanished peers, and the end of both streams.
#include "tests/unit/messagehandler/stream_pair_harness.hpp"

using namespace curvecp;
using namespace curvecp::messagehandler;

TEST_CASE("a peer that answers nothing for the time-out has vanished") {
    for (const Role role : {Role::ClientServerSpeaksFirst, Role::ClientSpeaksFirst}) {
        Harness harness(role);
        static_cast<void>(harness.run_for(61s));
        CHECK(harness.pair.status() == Status::PeerVanished);
        CHECK_FALSE(harness.pair.next_deadline());
    }
    Harness harness(Role::Server, 5s);
    harness.limit = 1 << 20;
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
    Harness harness = established({.role = Role::ClientSpeaksFirst}, 1 << 20);
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
    harness.limit = 1 << 20;
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
    harness.limit = 1 << 20;
    harness.acknowledge(2);
    static_cast<void>(harness.run_for(90s));
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
    for (std::uint32_t id = 10; at < StreamPair::Config{}.buffer; ++id, at += block.size()) {
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
