#include "messagehandler/cubic.hpp"

#include "tests/unit/messagehandler/values.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kCubicMessage = 1088;

// Acknowledges a window's worth each round trip of 100 ms, where RFC 9438 is not as Reno.
struct CubicDriver {
    Cubic cubic;
    TimePoint now = kStart;

    void round() {
        const std::size_t window = cubic.window();
        now += 100ms;
        for (std::size_t bytes = 0; bytes < window; bytes += kCubicMessage) {
            cubic.on_acknowledged({.now = now,
                                   .sent = now - 100ms,
                                   .bytes = kCubicMessage,
                                   .in_flight = window,
                                   .smoothed_rtt = 100ms});
        }
    }
    void lose() {
        cubic.on_lost({.now = now, .sent = now - 1ms, .bytes = kCubicMessage, .in_flight = 0});
    }
};

}  // namespace

TEST_CASE("CUBIC doubles in slow start, falls to 0.7 once for each round of losses") {
    CubicDriver driver;
    const std::size_t first = driver.cubic.window();
    CHECK(first == 10 * kCubicMessage);
    driver.round();
    CHECK(driver.cubic.window() == 2 * first);
    driver.lose();
    CHECK(driver.cubic.window() == 14 * kCubicMessage);
    driver.lose();  // sent before that
    CHECK(driver.cubic.window() == 14 * kCubicMessage);
}

TEST_CASE("CUBIC comes back to where it lost, stays there, and leaves it") {
    CubicDriver driver;
    for (int i = 0; i < 5; ++i) driver.round();
    const std::size_t before = driver.cubic.window();
    CHECK(before == 320 * kCubicMessage);
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
    CubicDriver driver;
    driver.round();
    const std::size_t before = driver.cubic.window();
    driver.lose();
    CHECK(driver.cubic.window() < before);
    driver.cubic.on_spurious_loss(driver.now, kCubicMessage);
    CHECK(driver.cubic.window() == before);
}

TEST_CASE("CUBIC's window does not grow while it is not used, and starts anew after a silence") {
    CubicDriver driver;
    driver.cubic.on_acknowledged({.now = kStart,
                                  .sent = kStart,
                                  .bytes = kCubicMessage,
                                  .in_flight = kCubicMessage,
                                  .smoothed_rtt = 10ms});
    CHECK(driver.cubic.window() == 10 * kCubicMessage);
    CHECK(driver.cubic.pacing_rate() == 2 * 10 * kCubicMessage * 100);
    for (int i = 0; i < 3; ++i) driver.round();
    driver.cubic.on_silence_ended(driver.now);
    CHECK(driver.cubic.window() == 10 * kCubicMessage);
    for (int i = 0; i < 20; ++i) driver.lose();
    CHECK(driver.cubic.window() >= 2 * kCubicMessage);
}
