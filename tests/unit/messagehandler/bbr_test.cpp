// What it reaches on links of all kinds is measured by bench/transport; here are its rules.
#include "messagehandler/bbr.hpp"

#include <deque>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBbrMessage = 1088;

// A sender that always has data, and a bottleneck with a long queue.
struct Driver {
    explicit Driver(double messages_per_second) : spacing(1e9 / messages_per_second) {}

    void run_for(Duration duration) {
        const TimePoint end = now + duration;
        while (now < end) {
            if (!arrivals.empty() && arrivals.front().at <= now) {
                acknowledge();
                continue;
            }
            if (flight + kBbrMessage <= bbr.window() && now >= next_send) {
                send();
                continue;
            }
            now += 20us;
        }
    }
    void send() {
        busy_until = std::max(busy_until, now) + Duration(static_cast<Duration::rep>(spacing));
        arrivals.push_back({busy_until + 20ms, now});
        flight += kBbrMessage;
        const auto rate = bbr.pacing_rate();
        if (!rate) return;
        const double interval = 1e9 * kBbrMessage / static_cast<double>(*rate);
        next_send = std::max(next_send, now - 1ms) + Duration(static_cast<Duration::rep>(interval));
    }
    void acknowledge() {
        const Flying arrived = arrivals.front();
        arrivals.pop_front();
        ++count;
        bbr.on_acknowledged({.now = now,
                             .sent = arrived.sent,
                             .bytes = kBbrMessage,
                             .in_flight = flight,
                             .rtt = now - arrived.sent,
                             .smoothed_rtt = now - arrived.sent});
        flight -= kBbrMessage;
        most_queue = std::max(most_queue, now - arrived.sent - 20ms);
        if (loses_each != 0 && count % loses_each == 0) {
            bbr.on_lost(
                {.now = now, .sent = arrived.sent, .bytes = kBbrMessage, .in_flight = flight});
        }
    }

    struct Flying {
        TimePoint at;
        TimePoint sent;
    };
    Bbr bbr;
    TimePoint now{1000s};
    TimePoint next_send{};
    TimePoint busy_until{};
    double spacing;
    std::deque<Flying> arrivals;
    std::size_t flight = 0;
    std::uint64_t count = 0;
    std::uint64_t loses_each = 0;
    Duration most_queue{0};
};

}  // namespace

TEST_CASE("BBR finds the rate of the path within ten round trips, and keeps its queue short") {
    Driver driver(10'000);
    driver.run_for(300ms);
    const std::uint64_t before = driver.count;
    driver.most_queue = 0ms;
    driver.run_for(2s);
    CHECK(driver.count - before > 19'400);
    CHECK(driver.most_queue < 12ms);
}

TEST_CASE("BBR is not slowed down by losses at random") {
    Driver driver(10'000);
    driver.loses_each = 33;
    driver.run_for(300ms);
    const std::uint64_t before = driver.count;
    driver.run_for(2s);
    CHECK(driver.count - before > 19'000);
}

TEST_CASE("BBR follows a path that becomes slower, and one that becomes faster") {
    Driver driver(10'000);
    driver.run_for(1s);
    driver.spacing *= 5;
    driver.run_for(1500ms);
    driver.most_queue = 0ms;
    std::uint64_t before = driver.count;
    driver.run_for(1s);
    CHECK(driver.count - before > 1'900);
    CHECK(driver.most_queue < 60ms);
    driver.spacing /= 5;
    driver.run_for(1s);
    before = driver.count;
    driver.run_for(1s);
    CHECK(driver.count - before > 9'500);
}

TEST_CASE("BBR sends its first window at once, and paces when a round-trip time is known") {
    Bbr bbr;
    CHECK(bbr.window() == 32 * kBbrMessage);
    CHECK_FALSE(bbr.pacing_rate());
    CHECK(std::string_view(bbr.state()) == "startup");
    bbr.on_acknowledged({.now = TimePoint{1s},
                         .sent = TimePoint{980ms},
                         .bytes = kBbrMessage,
                         .in_flight = 32 * kBbrMessage,
                         .rtt = 20ms,
                         .smoothed_rtt = 20ms});
    CHECK(bbr.window() > 33 * kBbrMessage);
    REQUIRE(bbr.pacing_rate());
    CHECK(*bbr.pacing_rate() > 2 * 32 * kBbrMessage * 50);
}

TEST_CASE("after a silence BBR looks for the rate again, from half of what it knew") {
    Driver driver(10'000);
    driver.run_for(1s);
    const std::size_t window = driver.bbr.window();
    driver.bbr.on_silence_ended(driver.now);
    CHECK(std::string_view(driver.bbr.state()) == "startup");
    CHECK(driver.bbr.window() < window);
    CHECK(driver.bbr.window() >= 32 * kBbrMessage);
}
