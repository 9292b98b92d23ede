// The small parts that loss recovery stands on.
#include "messagehandler/acknowledger.hpp"
#include "messagehandler/loss_recovery.hpp"
#include "messagehandler/newreno.hpp"
#include "messagehandler/pacer.hpp"
#include "messagehandler/rtt_estimator.hpp"
#include "messagehandler/transmission_log.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1000s};

CongestionController::Acknowledged acknowledged(const NewReno& controller, std::size_t bytes,
                                                TimePoint sent = kStart) {
    return {.now = kStart + 1s,
            .sent = sent,
            .bytes = bytes,
            .in_flight = controller.window(),
            .smoothed_rtt = 10ms};
}

}  // namespace

TEST_CASE("round-trip times are smoothed as in RFC 6298") {
    RttEstimator rtt;
    CHECK_FALSE(rtt.has_sample());
    CHECK(rtt.probe_timeout() == 1s);
    rtt.on_sample(80ms);
    CHECK(rtt.smoothed() == 80ms);
    CHECK(rtt.probe_timeout() == 80ms + 4 * 40ms + 5ms);
    rtt.on_sample(160ms);
    CHECK(rtt.smoothed() == 90ms);
    CHECK(rtt.minimum() == 80ms);
    CHECK(rtt.probe_timeout() == 90ms + 4 * 50ms + 5ms);
    CHECK(rtt.loss_delay() == 160ms + 22500us);
}

TEST_CASE("a probe waits 20 ms at least, a loss 1 ms of reordering") {
    RttEstimator rtt;
    for (int i = 0; i < 100; ++i) rtt.on_sample(100us);
    CHECK(rtt.probe_timeout() == 20ms);
    CHECK(rtt.loss_delay() == 1100us);
}

TEST_CASE("the window doubles in slow start, halves once for each round of losses") {
    NewReno controller;
    const std::size_t first = controller.window();
    controller.on_acknowledged(acknowledged(controller, first));
    CHECK(controller.window() == 2 * first);
    controller.on_lost(kStart + 2s, kStart + 1s, 1088);
    CHECK(controller.window() == first);
    controller.on_lost(kStart + 2s, kStart + 2s, 1088);  // sent before the reduction
    CHECK(controller.window() == first);
    controller.on_acknowledged(acknowledged(controller, 1088, kStart + 1s));  // likewise
    CHECK(controller.window() == first);
    controller.on_acknowledged(acknowledged(controller, first, kStart + 3s));
    CHECK(controller.window() == first + 1088);
    for (int i = 3; i < 30; ++i) controller.on_lost(kStart + i * 1s, kStart + i * 1s - 1ms, 1088);
    CHECK(controller.window() == 2 * 1088);
}

TEST_CASE("a window that is not used does not grow") {
    NewReno controller;
    auto little = acknowledged(controller, 1088);
    little.in_flight = 1088;
    const std::size_t before = controller.window();
    controller.on_acknowledged(little);
    CHECK(controller.window() == before);
}

TEST_CASE("after a silence the window is the least, and grows quickly again") {
    NewReno controller;
    controller.on_acknowledged(acknowledged(controller, controller.window()));
    const std::size_t before = controller.window();
    controller.on_silence_ended(kStart + 5s);
    CHECK(controller.window() == 2 * 1088);
    controller.on_lost(kStart + 6s, kStart + 4s, 50000);  // what the silence lost
    CHECK(controller.window() == 2 * 1088);
    controller.on_acknowledged(acknowledged(controller, 2 * 1088, kStart + 6s));
    CHECK(controller.window() == 4 * 1088);
    CHECK(controller.window() < before);
}

TEST_CASE("the pacing rate is twice the window in a round trip") {
    NewReno controller;
    CHECK_FALSE(controller.pacing_rate());
    auto little = acknowledged(controller, 1088);
    little.in_flight = 0;
    controller.on_acknowledged(little);
    CHECK(controller.pacing_rate() == controller.window() * 2 * 100);
}

TEST_CASE("no burst is above 48 full messages, and the rate is kept") {
    Pacer pacer;
    constexpr std::uint64_t kRate = 100'000'000;
    TimePoint now = kStart;
    std::size_t burst = 0;
    for (; pacer.may_send(now); ++burst) pacer.on_sent(now, 1088, kRate);
    CHECK(burst == 48);
    std::size_t sent = 0;
    while (now < kStart + 100ms) {
        now = std::max(now, pacer.next());
        pacer.on_sent(now, 1088, kRate);
        sent += 1088;
    }
    CHECK(sent > 9'500'000);
    CHECK(sent < 10'100'000);
}

TEST_CASE("at a low rate a burst is ten messages") {
    Pacer pacer;
    std::size_t burst = 0;
    for (; pacer.may_send(kStart); ++burst) pacer.on_sent(kStart, 1088, 100'000);
    CHECK(burst == 10);
    CHECK(pacer.next() > kStart + 40ms);
}

TEST_CASE("a burst of small messages is no more of them than one of full messages") {
    for (const std::uint64_t rate : {std::uint64_t{100'000}, std::uint64_t{1'000'000'000}}) {
        Pacer pacer;
        std::size_t burst = 0;
        for (; pacer.may_send(kStart) && burst < 1000; ++burst) {
            pacer.on_sent(kStart, 192, rate);
        }
        CHECK(burst >= 40);
        CHECK(burst <= 49);  // by rounding
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
    LossRecovery recovery(blocks, std::make_unique<NewReno>());
    MessageId last = kNoId;
    for (int i = 0; i < 3; ++i) last = recovery.on_ping_sent(kStart);
    CHECK(recovery.unresolved() == 3);
    CHECK(recovery.on_echo(kStart + 10ms, last).what == LossRecovery::Echo::Ping);
    recovery.on_message(kStart + 10ms, true);
    CHECK(recovery.unresolved() == 0);
    CHECK(recovery.rtt().smoothed() == 10ms);
    CHECK(recovery.on_echo(kStart + 20ms, last).what == LossRecovery::Echo::Unknown);
}

TEST_CASE("an answer leaves at once where nothing is known, where it is urgent, or for 8 ids") {
    Acknowledger acks;
    acks.on_id(kStart, MessageId{1}, false, 0ms);
    CHECK(acks.due(kStart));
    CHECK(acks.take() == MessageId{1});
    CHECK_FALSE(acks.pending());

    acks.on_id(kStart, MessageId{2}, false, 100ms);
    CHECK(acks.deadline() == kStart + 5ms);
    acks.on_id(kStart + 1ms, MessageId{3}, true, 100ms);
    CHECK(acks.due(kStart + 1ms));
    CHECK(acks.take() == MessageId{3});

    acks.on_id(kStart, MessageId{4}, false, 8ms);
    CHECK(acks.deadline() == kStart + 2ms);
    for (std::uint32_t id = 5; id < 11; ++id) acks.on_id(kStart, MessageId{id}, false, 8ms);
    CHECK_FALSE(acks.due(kStart));
    acks.on_id(kStart, MessageId{11}, false, 8ms);
    CHECK(acks.due(kStart));
    CHECK(acks.take() == MessageId{11});
}

TEST_CASE("an id is put into one message at most") {
    Acknowledger acks;
    acks.on_id(kStart, MessageId{7}, true, 0ms);
    CHECK(acks.take() == MessageId{7});
    CHECK(acks.take() == kNoId);
    acks.on_id(kStart, MessageId{7}, true, 0ms);
    CHECK(acks.pending());  // a duplicate is answered again, without its id
    CHECK(acks.take() == kNoId);
    acks.on_id(kStart, MessageId{8}, true, 0ms);
    acks.on_id(kStart, MessageId{7}, true, 0ms);
    CHECK(acks.take() == MessageId{8});
}
