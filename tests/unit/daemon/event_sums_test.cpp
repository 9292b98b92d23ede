#include "daemon/event_sums.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::seconds;

namespace {

constexpr TimePoint kStart{std::chrono::hours(1)};
constexpr auto kHello = DropReason::BadHello;
constexpr auto kVouch = DropReason::BadVouch;

Path from(std::uint16_t port) {
    return {Address{*parse_ip("192.0.2.1"), port}, {}};
}

}  // namespace

TEST_CASE("the first is told at once, those that follow in a sum after a while") {
    EventSums sums;
    CHECK_FALSE(sums.next_deadline());
    CHECK(sums.on_drop(kStart, kHello, from(1)));
    CHECK_FALSE(sums.next_deadline());  // nothing is left to tell
    for (std::uint16_t i = 0; i < 1000; ++i) {
        CHECK_FALSE(sums.on_drop(kStart + seconds(i / 200), kHello, from(i)));
    }
    CHECK(sums.next_deadline() == kStart + EventSums::kPeriod);
    CHECK_FALSE(sums.next(kStart + EventSums::kPeriod - Duration(1)));
    const auto sum = sums.next(kStart + EventSums::kPeriod);
    REQUIRE(sum.has_value());
    CHECK(sum->reason == kHello);
    CHECK(sum->count == 1000);
    CHECK(sum->path == from(999));
    CHECK_FALSE(sums.next(kStart + EventSums::kPeriod));
    CHECK_FALSE(sums.next_deadline());
}

TEST_CASE("what goes on is told once a period") {
    EventSums sums;
    int told = sums.on_drop(kStart, kHello, from(1)) ? 1 : 0;
    std::uint64_t counted = 1;
    const TimePoint end = kStart + 6 * EventSums::kPeriod;
    for (TimePoint time = kStart; time < end; time += std::chrono::milliseconds(10)) {
        if (sums.on_drop(time, kHello, from(1))) {
            ++told;
            ++counted;
        }
        while (const auto sum = sums.next(time)) {
            ++told;
            counted += sum->count;
        }
    }
    CHECK(told == 6);
    while (const auto sum = sums.next(end)) counted += sum->count;
    CHECK(counted == 6001);
}

TEST_CASE("after a quiet period one is told at once again") {
    EventSums sums;
    CHECK(sums.on_drop(kStart, kHello, from(1)));
    CHECK_FALSE(sums.on_drop(kStart + EventSums::kPeriod - Duration(1), kHello, from(1)));
    CHECK(sums.next(kStart + EventSums::kPeriod).has_value());
    CHECK(sums.on_drop(kStart + 2 * EventSums::kPeriod, kHello, from(1)));
}

TEST_CASE("one reason hides no other") {
    EventSums sums;
    CHECK(sums.on_drop(kStart, kHello, from(1)));
    CHECK(sums.on_drop(kStart + seconds(1), kVouch, from(2)));
    CHECK_FALSE(sums.on_drop(kStart + seconds(2), kVouch, from(2)));
    CHECK_FALSE(sums.on_drop(kStart + seconds(3), kHello, from(1)));
    CHECK(sums.next_deadline() == kStart + EventSums::kPeriod);
    CHECK(sums.next(kStart + EventSums::kPeriod)->reason == kHello);
    CHECK(sums.next_deadline() == kStart + seconds(1) + EventSums::kPeriod);
}
