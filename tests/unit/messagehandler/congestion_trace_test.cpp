#include "messagehandler/congestion_trace.hpp"

#include "tests/unit/messagehandler/stream_pair_harness.hpp"

using namespace curvecp;
using namespace curvecp::messagehandler;

TEST_CASE("a trace has a line for the state, then one in 10 ms while something moves") {
    Harness harness = established({.role = Role::Server}, 1 << 20);
    CongestionTrace trace(77, kStart);
    const CongestionController& controller = harness.pair.recovery().controller();
    CHECK(trace.next_line(harness.now, harness.pair) ==
          R"({"time_us":20000,"process":77,"event":"state","state":"startup","rate":)" +
              std::to_string(controller.pacing_rate().value_or(0)) + R"(,"window":)" +
              std::to_string(controller.window()) +
              R"(,"in_flight":0,"rtt_us":20000,"smoothed_rtt_us":20000,"least_rtt_us":20000,)"
              R"("acknowledged":1,"blocks":1,"sent_again":0,"lost":0,"spurious":0})"
              "\n");
    CHECK(trace.next_line(harness.now + 1s, harness.pair).empty());
    harness.write(1);
    static_cast<void>(harness.take());
    CHECK(trace.next_line(harness.now + 9ms, harness.pair).empty());
    const std::string line = trace.next_line(harness.now + 10ms, harness.pair);
    CHECK(line.find(R"("event":"sample")") != std::string::npos);
    CHECK(line.find(R"("in_flight":192,)") != std::string::npos);
}

TEST_CASE("a loss is a line of the trace at once") {
    Harness harness = established({.role = Role::Server}, 1 << 20);
    CongestionTrace trace(77, kStart);
    static_cast<void>(trace.next_line(harness.now, harness.pair));
    harness.write(3000);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 3);
    harness.now += 40ms;
    MessageHeader header;
    header.acknowledged_id = sent.back().header.id;
    header.acknowledged.add({{0}, {1}});
    header.acknowledged.add({sent.back().header.position, {3001}});
    harness.receive(header);
    static_cast<void>(trace.next_line(harness.now, harness.pair));
    static_cast<void>(harness.run_for(9ms));
    const std::string line = trace.next_line(harness.now, harness.pair);
    CHECK(line.find(R"("event":"loss")") != std::string::npos);
    CHECK(line.find(R"("lost":2,)") != std::string::npos);
}
