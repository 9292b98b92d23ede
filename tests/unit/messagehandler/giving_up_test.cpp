// Keepalive, the idle timeout, paths that drop large packets, and what the peer hears of the end.
#include "tests/unit/messagehandler/stream_pair_harness.hpp"

using namespace curvecp;
using namespace curvecp::messagehandler;

namespace {

constexpr std::uint64_t kMuch = 1 << 20;

bool is_farewell(const Sent& message) {
    return message.header.ending == Ending::Failure && message.block.empty();
}

}  // namespace

TEST_CASE("with a keepalive a quiet peer is asked, and has vanished when it does not answer") {
    Harness harness = established({.role = Role::Server, .timeout = 20s, .keepalive = 5s}, kMuch);
    const TimePoint quiet = harness.now;
    const auto asked = harness.run_for(5s);
    REQUIRE(asked.size() == 1);
    CHECK(is_ping(asked[0]));
    CHECK(asked[0].at == quiet + 5s);
    harness.acknowledge(1, asked[0].header.id);
    CHECK(harness.run_for(4900ms).empty());
    static_cast<void>(harness.run_for(19s));
    CHECK(harness.pair.status() == Status::Running);
    static_cast<void>(harness.run_for(2s));
    CHECK(harness.pair.status() == Status::PeerVanished);
}

TEST_CASE("the idle timeout counts from the last byte of either stream, answers do not count") {
    Harness harness =
        established({.role = Role::Server, .keepalive = 1s, .idle_timeout = 10s}, kMuch);
    static_cast<void>(harness.run_for(9s));
    harness.receive_block(3, 0, "abc");
    static_cast<void>(harness.take());
    static_cast<void>(harness.run_for(9s));
    harness.write(1);
    for (int second = 0; second < 9; ++second) {
        for (const Sent& message : harness.run_for(1s)) harness.acknowledge(2, message.header.id);
    }
    CHECK(harness.pair.status() == Status::Running);
    const auto last = harness.run_for(2s);
    CHECK(harness.pair.status() == Status::Idle);
    REQUIRE_FALSE(last.empty());
    CHECK(is_farewell(last.back()));
    CHECK(last.back().header.position == StreamPosition{2});
    CHECK_FALSE(harness.pair.next_deadline());
}

TEST_CASE("where small messages are answered and full blocks never, the path drops them") {
    Harness harness = established({.role = Role::Server, .timeout = 10s}, kMuch);
    harness.write(3000);
    for (int i = 0; i < 30 && harness.pair.status() == Status::Running; ++i) {
        for (const Sent& message : harness.run_for(500ms)) {
            if (message.size < 1000) harness.acknowledge(1, message.header.id);
        }
    }
    CHECK(harness.pair.status() == Status::BlocksVanish);
}

TEST_CASE("a path is not blamed for full blocks that an outage swallowed") {
    Harness harness = established({.role = Role::Server, .timeout = 20s}, kMuch);
    harness.write(3000);
    static_cast<void>(harness.run_for(18s));
    // The first that gets through are pings, and more full blocks vanish for a while.
    for (int i = 0; i < 20; ++i) {
        for (const Sent& message : harness.run_for(500ms)) {
            if (message.size < 1000) harness.acknowledge(1, message.header.id);
        }
    }
    CHECK(harness.pair.status() == Status::Running);
    harness.acknowledge(3001);
    static_cast<void>(harness.run_for(60s));
    CHECK(harness.pair.status() == Status::Running);
}

TEST_CASE("a path is not blamed for full blocks while some of them arrive") {
    Harness harness = established({.role = Role::Server, .timeout = 10s}, kMuch);
    for (std::uint64_t position = 1; position < 60 * 1024; position += 1024) {
        harness.write(1024);
        for (const Sent& message : harness.run_for(500ms)) {
            if (message.size < 1000) harness.acknowledge(position, message.header.id);
        }
        harness.acknowledge(position + 1024);
    }
    CHECK(harness.pair.status() == Status::Running);
}

TEST_CASE("smaller blocks can be asked for") {
    Harness harness = established({.role = Role::Server, .max_block = 512}, kMuch);
    harness.write(3000);
    for (const Sent& message : harness.run_for(10ms)) {
        CHECK(message.block.size() <= 512);
        CHECK(message.size <= 576);
    }
}

TEST_CASE("who gives up tells the peer that the stream failed, once, unless its end was told") {
    Harness harness({.role = Role::Server, .timeout = 5s});
    harness.write(1);
    auto sent = harness.run_for(6s);
    CHECK(std::count_if(sent.begin(), sent.end(), is_farewell) == 1);
    CHECK(is_farewell(sent.back()));

    Harness ended({.role = Role::Server, .timeout = 5s});
    ended.write(1);
    ended.pair.end_output(Ending::Success);
    sent = ended.run_for(6s);
    CHECK(ended.pair.status() == Status::PeerVanished);
    CHECK(std::none_of(sent.begin(), sent.end(), is_farewell));
}

TEST_CASE("after the peer's failure and the program's exit nothing more is waited for") {
    Harness harness = established({.role = Role::Server}, kMuch);
    harness.write(5000);
    static_cast<void>(harness.take());
    harness.receive_block(9, 0, "", Ending::Failure);
    static_cast<void>(harness.take());
    CHECK(harness.pair.status() == Status::Running);
    harness.pair.on_program_exit(harness.now);
    static_cast<void>(harness.run_for(100ms));
    CHECK(harness.pair.status() == Status::Done);
}

TEST_CASE("a keepalive does not wait for a question that is due later") {
    Harness harness({.role = Role::Server, .timeout = 20s, .keepalive = 2s});
    harness.limit = kMuch;
    harness.receive_ping(1);  // a client that never acknowledged anything is asked after 10 s
    static_cast<void>(harness.take());
    const auto asked = harness.run_for(2s);
    REQUIRE(asked.size() == 1);
    CHECK(is_ping(asked[0]));
}
