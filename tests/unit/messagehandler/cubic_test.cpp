#include "messagehandler/cubic.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kStart{1000s};
constexpr std::size_t kMessage = 1088;

// Acknowledges a window's worth each round trip of 100 ms, where RFC 9438 is not as Reno.
struct Driver {
    Cubic cubic;
    TimePoint now = kStart;

    void round() {
        const std::size_t window = cubic.window();
        now += 100ms;
        for (std::size_t bytes = 0; bytes < window; bytes += kMessage) {
            cubic.on_acknowledged({.now = now,
                                   .sent = now - 100ms,
                                   .bytes = kMessage,
                                   .in_flight = window,
                                   .smoothed_rtt = 100ms});
        }
    }
    void lose() {
        cubic.on_lost({.now = now, .sent = now - 1ms, .bytes = kMessage, .in_flight = 0});
    }
};

}  // namespace

TEST_CASE("CUBIC doubles in slow start, falls to 0.7 once for each round of losses") {
    Driver driver;
    const std::size_t first = driver.cubic.window();
    CHECK(first == 10 * kMessage);
    driver.round();
    CHECK(driver.cubic.window() == 2 * first);
    driver.lose();
    CHECK(driver.cubic.window() == 14 * kMessage);
    driver.lose();  // sent before that
    CHECK(driver.cubic.window() == 14 * kMessage);
}

TEST_CASE("CUBIC comes back to where it lost, stays there, and leaves it") {
    Driver driver;
    for (int i = 0; i < 5; ++i) driver.round();
    const std::size_t before = driver.cubic.window();
    CHECK(before == 320 * kMessage);
    driver.lose();
    const double plateau = std::cbrt(320 * 0.3 / 0.4);  // RFC 9438 equation 2, in seconds
    const auto rounds = static_cast<int>(plateau * 10);
    for (int i = 0; i < rounds; ++i) driver.round();
    CHECK(driver.cubic.window() > before * 97 / 100);
    CHECK(driver.cubic.window() < before * 103 / 100);
    for (int i = 0; i < rounds; ++i) driver.round();
    CHECK(driver.cubic.window() > before * 120 / 100);
}

TEST_CASE("CUBIC takes a loss back that was none") {
    Driver driver;
    driver.round();
    const std::size_t before = driver.cubic.window();
    driver.lose();
    CHECK(driver.cubic.window() < before);
    driver.cubic.on_spurious_loss(driver.now, kMessage);
    CHECK(driver.cubic.window() == before);
}

TEST_CASE("CUBIC's window does not grow while it is not used, and starts anew after a silence") {
    Driver driver;
    driver.cubic.on_acknowledged({.now = kStart,
                                  .sent = kStart,
                                  .bytes = kMessage,
                                  .in_flight = kMessage,
                                  .smoothed_rtt = 10ms});
    CHECK(driver.cubic.window() == 10 * kMessage);
    CHECK(driver.cubic.pacing_rate() == 2 * 10 * kMessage * 100);
    for (int i = 0; i < 3; ++i) driver.round();
    driver.cubic.on_silence_ended(driver.now);
    CHECK(driver.cubic.window() == 10 * kMessage);
    for (int i = 0; i < 20; ++i) driver.lose();
    CHECK(driver.cubic.window() >= 2 * kMessage);
}
