// The small parts that loss recovery stands on.
#include "messagehandler/acknowledger.hpp"
#include "messagehandler/loss_recovery.hpp"
#include "messagehandler/pacer.hpp"
#include "messagehandler/rtt_estimator.hpp"
#include "messagehandler/transmission_log.hpp"
#include "tests/unit/messagehandler/values.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {}  // namespace

TEST_CASE("round-trip times are smoothed as in RFC 6298") {
    RttEstimator rtt;
    CHECK_FALSE(rtt.has_sample());
    CHECK(rtt.probe_timeout() == 1s);
    rtt.on_sample(80ms, 0ms);
    CHECK(rtt.smoothed() == 80ms);
    CHECK(rtt.probe_timeout() == 80ms + 4 * 40ms + 5ms);
    rtt.on_sample(160ms, 0ms);
    CHECK(rtt.smoothed() == 90ms);
    CHECK(rtt.minimum() == 80ms);
    CHECK(rtt.probe_timeout() == 90ms + 4 * 50ms + 5ms);
    CHECK(rtt.loss_delay() == 160ms + 22500us);
}

TEST_CASE("a probe waits 10 ms at least, a loss 1 ms of reordering") {
    RttEstimator rtt;
    for (int i = 0; i < 100; ++i) rtt.on_sample(100us, 0ms);
    CHECK(rtt.probe_timeout() == 10ms);
    CHECK(rtt.loss_delay() == 1100us);
}

TEST_CASE("what the peer waited is no round-trip time, but nothing falls below the lowest seen") {
    RttEstimator rtt;
    CHECK(rtt.on_sample(50ms, 40ms) == 50ms);  // the first has nothing to be compared with
    CHECK(rtt.on_sample(80ms, 20ms) == 60ms);
    CHECK(rtt.on_sample(80ms, 70ms) == 50ms);
    CHECK(rtt.on_sample(40ms, 5ms) == 40ms);
    CHECK(rtt.minimum() == 40ms);
}

TEST_CASE("reordering that looked like loss is waited for, up to a round trip, for some rounds") {
    RttEstimator rtt;
    for (int i = 0; i < 100; ++i) rtt.on_sample(40ms, 0ms);
    CHECK(rtt.loss_delay() == 50ms);
    for (int i = 0; i < 9; ++i) rtt.on_spurious_loss();
    CHECK(rtt.loss_delay() == 80ms);
    for (int i = 0; i < 15; ++i) rtt.on_round();
    CHECK(rtt.loss_delay() == 80ms);
    for (int i = 0; i < 100; ++i) rtt.on_round();
    CHECK(rtt.loss_delay() == 50ms);
}

// How many leave at once after a long pause.
std::size_t burst_of(Pacer& pacer, TimePoint now, std::size_t bytes, std::uint64_t rate) {
    std::size_t burst = 0;
    for (; pacer.may_send(now) && burst < 1000; ++burst) pacer.on_sent(now, bytes, rate);
    return burst;
}

TEST_CASE("no burst is above 48 full messages, and the rate is kept though timers come late") {
    Pacer pacer;
    constexpr std::uint64_t kRate = 100'000'000;
    CHECK(burst_of(pacer, kStart, 1088, kRate) <= 48);
    std::size_t sent = 0;
    TimePoint now = kStart;
    while (now < kStart + 100ms) {
        now = std::max(now, pacer.next() + 100us);
        pacer.on_sent(now, 1088, kRate);
        sent += 1088;
    }
    CHECK(sent > 9'500'000);
    CHECK(sent < 10'100'000);
}

TEST_CASE("at a low rate blocks leave one by one") {
    Pacer pacer;
    static_cast<void>(burst_of(pacer, kStart, 1088, 125'000));
    TimePoint now = kStart;
    for (int i = 0; i < 100; ++i) {
        now = pacer.next();
        CHECK(burst_of(pacer, now, 1088, 125'000) == 1);
    }
    CHECK(now - kStart > 800ms);
    CHECK(now - kStart < 900ms);
}

TEST_CASE("a burst of small messages is no more of them than one of full messages") {
    for (const std::uint64_t rate : {std::uint64_t{100'000}, std::uint64_t{1'000'000'000}}) {
        Pacer pacer;
        CHECK(burst_of(pacer, kStart, 192, rate) <= 49);  // by rounding
    }
}

TEST_CASE("an id is found while it is in the log, and is never 0") {
    TransmissionLog log;
    CHECK(TransmissionLog::id_of(0) == MessageId{1});
    CHECK(TransmissionLog::id_of(0xfffffffe) == MessageId{0xffffffff});
    CHECK(TransmissionLog::id_of(0xffffffff) == MessageId{1});
    for (int i = 0; i < 5; ++i) CHECK(log.add({}) == static_cast<std::uint64_t>(i));
    CHECK(log.find(MessageId{3}) == 2);
    CHECK_FALSE(log.find(MessageId{6}));
    CHECK_FALSE(log.find(kNoId));
    log.pop_first();
    CHECK_FALSE(log.find(MessageId{1}));
    CHECK(log.at(0) == nullptr);
    CHECK(log.find(MessageId{5}) == 4);
}

TEST_CASE("pings leave no trace once one was answered") {
    SentBlocks blocks;
    LossRecovery recovery(blocks, make_controller(Congestion::Cubic));
    MessageId last = kNoId;
    for (int i = 0; i < 3; ++i) last = recovery.on_ping_sent(kStart);
    CHECK(recovery.unresolved() == 3);
    CHECK(recovery.on_echo(kStart + 10ms, last, 0ms).what == LossRecovery::Echo::Ping);
    recovery.on_message(kStart + 10ms, true);
    CHECK(recovery.unresolved() == 0);
    CHECK(recovery.rtt().smoothed() == 10ms);
    CHECK(recovery.on_echo(kStart + 20ms, last, 0ms).what == LossRecovery::Echo::Unknown);
}

TEST_CASE("an answer leaves at once where nothing is known, where it is urgent, or for 8 ids") {
    Acknowledger acks;
    acks.on_id(kStart, MessageId{1}, false, 0ms);
    CHECK(acks.due(kStart));
    CHECK(acks.take(kStart).id == MessageId{1});
    CHECK_FALSE(acks.pending());

    acks.on_id(kStart, MessageId{2}, false, 100ms);
    CHECK(acks.deadline() == kStart + 5ms);
    acks.on_id(kStart + 1ms, MessageId{3}, true, 100ms);
    CHECK(acks.due(kStart + 1ms));
    CHECK(acks.take(kStart).id == MessageId{3});

    acks.on_id(kStart, MessageId{12}, false, 100us);
    CHECK(acks.deadline() == kStart + 1ms);  // one timer for many answers
    CHECK(acks.take(kStart).id == MessageId{12});

    acks.on_id(kStart, MessageId{4}, false, 8ms);
    CHECK(acks.deadline() == kStart + 2ms);
    for (std::uint32_t id = 5; id < 11; ++id) acks.on_id(kStart, MessageId{id}, false, 8ms);
    CHECK_FALSE(acks.due(kStart));
    acks.on_id(kStart, MessageId{11}, false, 8ms);
    CHECK(acks.due(kStart));
    CHECK(acks.take(kStart).id == MessageId{11});
}

TEST_CASE("an id is put into one message at most") {
    Acknowledger acks;
    acks.on_id(kStart, MessageId{7}, true, 0ms);
    CHECK(acks.take(kStart).id == MessageId{7});
    CHECK(acks.take(kStart).id == kNoId);
    acks.on_id(kStart, MessageId{7}, true, 0ms);
    CHECK(acks.pending());  // a duplicate is answered again, without its id
    CHECK(acks.take(kStart).id == kNoId);
    acks.on_id(kStart, MessageId{8}, true, 0ms);
    acks.on_id(kStart, MessageId{7}, true, 0ms);
    CHECK(acks.take(kStart).id == MessageId{8});
}

TEST_CASE("an answer says how long its id was kept") {
    Acknowledger acks;
    acks.on_id(kStart, MessageId{1}, false, 100ms);
    acks.on_id(kStart + 1ms, MessageId{2}, false, 100ms);
    CHECK(acks.take(kStart + 4ms).delay == 3ms);
    CHECK_FALSE(acks.take(kStart + 5ms).delay);
}
