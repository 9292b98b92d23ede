#include "client/retry_schedule.hpp"

#include <set>

#include <doctest/doctest.h>

namespace curvecp::client {
namespace {

using std::chrono::milliseconds;

constexpr TimePoint kStart{std::chrono::seconds(1000)};
constexpr int kRuns = 100;

Address address(std::uint8_t number) {
    return {IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, number}), 10000};
}

std::vector<Address> addresses(std::size_t count) {
    std::vector<Address> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(address(static_cast<std::uint8_t>(i)));
    return list;
}

struct Try {
    TimePoint at;
    Address to;
};

// All Hellos of a schedule that nobody answers, and when it gives up.
std::vector<Try> run(RetrySchedule& schedule, TimePoint& end) {
    std::vector<Try> tries;
    TimePoint now = kStart;
    while (!schedule.gave_up(now)) {
        if (const auto to = schedule.next(now)) tries.push_back({now, *to});
        REQUIRE(schedule.next_deadline() > now);
        now = schedule.next_deadline();
    }
    end = now;
    return tries;
}

TEST_CASE("the first Hello leaves at once, and it takes eight Hellos to give up") {
    for (int i = 0; i < kRuns; ++i) {
        RetrySchedule schedule(kStart, addresses(1));
        TimePoint end;
        const auto tries = run(schedule, end);
        CHECK(tries.size() == 8);
        CHECK(tries.front().at == kStart);
        CHECK(schedule.next(end) == std::nullopt);
    }
}

TEST_CASE("the first repeat comes after 0.5 to 2 s, and each wait is longer than the last") {
    std::set<Duration> first_waits;
    for (int i = 0; i < kRuns; ++i) {
        RetrySchedule schedule(kStart, addresses(3));
        TimePoint end;
        auto tries = run(schedule, end);
        tries.push_back({end, {}});
        Duration last{};
        for (std::size_t n = 1; n < tries.size(); ++n) {
            const Duration wait = tries[n].at - tries[n - 1].at;
            CHECK(wait > last);
            last = wait;
        }
        const Duration first = tries[1].at - tries[0].at;
        CHECK(first >= milliseconds(500));
        CHECK(first <= milliseconds(2000));
        first_waits.insert(first);
    }
    CHECK(first_waits.size() > kRuns / 2);  // jittered
}

TEST_CASE("a client gives up before the minute that a server allows is over") {
    for (int i = 0; i < kRuns; ++i) {
        RetrySchedule schedule(kStart, addresses(8));
        TimePoint end;
        CHECK(!run(schedule, end).empty());
        CHECK(end - kStart > std::chrono::seconds(30));
        CHECK(end - kStart < std::chrono::seconds(60));
    }
}

TEST_CASE("eight addresses are all asked once, in an order of chance") {
    std::set<std::uint8_t> first;
    for (int i = 0; i < kRuns; ++i) {
        RetrySchedule schedule(kStart, addresses(8));
        TimePoint end;
        const auto tries = run(schedule, end);
        std::set<std::uint8_t> asked;
        for (const auto& one : tries) asked.insert(one.to.ip.bytes[15]);
        CHECK(asked.size() == 8);
        first.insert(tries.front().to.ip.bytes[15]);
    }
    CHECK(first.size() == 8);
}

TEST_CASE("a shorter list is cycled in one order") {
    RetrySchedule schedule(kStart, addresses(3));
    TimePoint end;
    const auto tries = run(schedule, end);
    for (std::size_t n = 3; n < tries.size(); ++n) CHECK(tries[n].to == tries[n - 3].to);
}

TEST_CASE("only the addresses that a Hello went to have been asked") {
    RetrySchedule schedule(kStart, addresses(3));
    CHECK(schedule.asked().empty());
    const auto first = schedule.next(kStart);
    REQUIRE(schedule.asked().size() == 1);
    CHECK(schedule.asked()[0] == first);
    TimePoint now = schedule.next_deadline();
    CHECK(schedule.next(now).has_value());
    CHECK(schedule.asked().size() == 2);
}

TEST_CASE("nothing is due before its time, and a late call does not bunch the Hellos") {
    RetrySchedule schedule(kStart, addresses(1));
    CHECK(schedule.next(kStart).has_value());
    CHECK(!schedule.next(schedule.next_deadline() - Duration(1)));
    const TimePoint late = kStart + std::chrono::hours(1);
    CHECK(schedule.next(late).has_value());
    CHECK(!schedule.next(late));
    CHECK(!schedule.gave_up(late));
    CHECK(schedule.next_deadline() > late + milliseconds(1000));
}

TEST_CASE("a hint hurries the turn of an address that was never asked") {
    RetrySchedule schedule(kStart, addresses(2));
    const auto first = schedule.next(kStart);
    const TimePoint now = kStart + milliseconds(1);
    schedule.hurry(now);
    const auto second = schedule.next(now);
    REQUIRE(second.has_value());
    CHECK(second != first);
}

TEST_CASE("a hint does not hurry an address that was asked before") {
    RetrySchedule schedule(kStart, addresses(1));
    CHECK(schedule.next(kStart).has_value());
    const TimePoint due = schedule.next_deadline();
    schedule.hurry(kStart + milliseconds(1));
    CHECK(schedule.next_deadline() == due);
}

TEST_CASE("a hint does not put off a Hello that is due already") {
    RetrySchedule schedule(kStart, addresses(2));
    CHECK(schedule.next(kStart).has_value());
    const TimePoint due = schedule.next_deadline();
    schedule.hurry(due);
    schedule.hurry(due + milliseconds(500));
    CHECK(schedule.next_deadline() == due);
}

TEST_CASE("a flood of hints does not shorten the time until a client gives up") {
    RetrySchedule schedule(kStart, addresses(8));
    TimePoint now = kStart;
    std::size_t hellos = 0;
    while (!schedule.gave_up(now)) {
        if (schedule.next(now)) ++hellos;
        schedule.hurry(now);
        now = std::min(schedule.next_deadline(), now + milliseconds(10));
    }
    CHECK(hellos == 8);
    CHECK(now - kStart > std::chrono::seconds(30));
}

}  // namespace
}  // namespace curvecp::client
