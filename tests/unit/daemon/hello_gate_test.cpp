#include "daemon/hello_gate.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kGateStart{1000s};

// Hellos of a period, and what is told at its end.
std::optional<unsigned> period(HelloGate& gate, TimePoint& now, int waited, int crowded) {
    for (int i = 0; i < waited; ++i) gate.on_hello(true);
    for (int i = 0; i < crowded; ++i) gate.on_hello(false);
    now += 50ms;
    return gate.judge(now);
}

}  // namespace

TEST_CASE("Hellos get an eighth of the time while others have work, and all of it while none has") {
    HelloGate gate;
    TimePoint now = kGateStart;
    CHECK(gate.may_serve(now));
    gate.on_served(now, now + 100us);
    now += 100us;
    CHECK(gate.may_serve(now));
    gate.on_work(now);
    CHECK_FALSE(gate.may_serve(now));
    CHECK(gate.next() == now + 700us);
    CHECK(gate.may_serve(now + 700us));
    gate.on_served(now, now + 1s);
    CHECK_FALSE(gate.may_serve(now + 5ms));
    CHECK(gate.may_serve(now + 6ms));
}

TEST_CASE("while more Hellos come than find room, the kernel lets few of them through") {
    HelloGate gate;
    TimePoint now = kGateStart;
    CHECK_FALSE(period(gate, now, 100, 0));
    CHECK_FALSE(gate.deadline());
    CHECK_FALSE(period(gate, now, 100, 99));  // to drop some is cheap
    CHECK(period(gate, now, 100, 100) == 1);
    CHECK(gate.deadline() == now + 50ms);
    CHECK_FALSE(period(gate, now, 100, 99));
    CHECK(period(gate, now, 100, 800) == 5);
    CHECK(period(gate, now, 1, 1'000'000) == HelloGate::kMostShift);
    CHECK_FALSE(period(gate, now, 0, 1'000'000));
}

TEST_CASE("when all find room again the kernel lets more through, step by step") {
    HelloGate gate;
    TimePoint now = kGateStart;
    CHECK(period(gate, now, 100, 400) == 3);
    CHECK(period(gate, now, 100, 0) == 2);
    CHECK_FALSE(period(gate, now, 100, 1));
    CHECK(period(gate, now, 0, 0) == 1);
    CHECK(period(gate, now, 0, 0) == 0);
    CHECK_FALSE(gate.deadline());
    CHECK_FALSE(period(gate, now, 0, 0));
}

TEST_CASE("what came is judged once in a while") {
    HelloGate gate;
    TimePoint now = kGateStart;
    CHECK_FALSE(period(gate, now, 1, 0));
    for (int i = 0; i < 100; ++i) gate.on_hello(false);
    CHECK_FALSE(gate.judge(now + 49ms));
    CHECK(gate.judge(now + 50ms));
}
