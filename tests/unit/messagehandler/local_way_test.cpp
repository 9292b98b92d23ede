#include "messagehandler/local_way.hpp"

#include "messagehandler/cubic.hpp"
#include "tests/unit/messagehandler/stream_pair_loopback.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kFull = 1088;

// Acknowledges a window's worth each round.
struct LocalDriver {
    LocalWay way{std::make_unique<Cubic>()};
    TimePoint now{1000s};

    void round(Duration rtt, double used = 1) {
        const std::size_t window = way.window();
        now += rtt;
        for (std::size_t bytes = 0; bytes < window; bytes += kFull) {
            way.on_acknowledged(
                {.now = now,
                 .sent = now - rtt + Duration(bytes),
                 .bytes = kFull,
                 .in_flight = static_cast<std::size_t>(used * static_cast<double>(window)),
                 .smoothed_rtt = rtt});
        }
    }
    void rounds(int count, Duration rtt) {
        for (int i = 0; i < count; ++i) round(rtt);
    }
    void lose() {
        now += 1us;
        way.on_lost({.now = now, .sent = now, .bytes = kFull, .in_flight = way.window()});
    }
    [[nodiscard]] std::size_t window() const { return way.window() / kFull; }
    [[nodiscard]] bool local() const { return std::string_view(way.state()) == "local"; }
};

}  // namespace

TEST_CASE("ends are on one machine where both have the same address, or a loopback one") {
    CHECK(on_one_machine("127.0.0.1", "127.0.0.1"));
    CHECK(on_one_machine("127.0.0.1", "127.9.0.1"));
    CHECK(on_one_machine("::1", "::1"));
    CHECK(on_one_machine("192.0.2.1", "192.0.2.1"));
    CHECK(on_one_machine("2001:db8::1", "2001:db8::1"));
    CHECK_FALSE(on_one_machine("192.0.2.1", "192.0.2.2"));
    CHECK_FALSE(on_one_machine("127.0.0.1", "192.0.2.2"));
    CHECK_FALSE(on_one_machine("::2", "::1"));
    CHECK_FALSE(on_one_machine("", ""));
    CHECK_FALSE(on_one_machine("here", "here"));
}

TEST_CASE("on one machine blocks leave without a pace, in a window that is the same for all") {
    LocalDriver driver;
    CHECK(driver.window() == 64);
    driver.round(10ms);
    CHECK(driver.window() == 128);
    CHECK_FALSE(driver.way.pacing_rate());
    driver.rounds(100, 10ms);
    CHECK(driver.window() == 384);
    driver.rounds(100, 90ms);
    CHECK(driver.window() == 384);
}

TEST_CASE("a lone fast stream has twice the window, until others come") {
    LocalDriver driver;
    driver.rounds(100, 2ms);
    CHECK(driver.window() == 768);
    driver.round(5ms);
    CHECK(driver.window() == 768);
    driver.round(9ms);
    CHECK(driver.window() == 384);
    driver.rounds(100, 5ms);
    CHECK(driver.window() == 384);
}

TEST_CASE("a window that is not used does not grow") {
    LocalDriver driver;
    driver.round(10ms, 0.4);
    CHECK(driver.window() == 64);
}

TEST_CASE("on one machine losses shrink the window once for each round, and it grows again") {
    LocalDriver driver;
    driver.rounds(10, 10ms);
    const TimePoint before = driver.now;
    driver.lose();
    CHECK(driver.window() == 268);
    driver.way.on_lost({.now = driver.now, .sent = before, .bytes = kFull, .in_flight = kFull});
    CHECK(driver.window() == 268);
    driver.round(10ms);
    CHECK(driver.window() >= 275);
    CHECK(driver.window() <= 277);
    driver.rounds(20, 10ms);
    CHECK(driver.window() == 384);
    CHECK(driver.local());
}

TEST_CASE("where much is lost, or the way holds much, the other controller takes over for good") {
    LocalDriver driver;
    driver.rounds(10, 10ms);
    SUBCASE("lost") {
        for (int i = 0; i < 10; ++i) driver.lose();
    }
    SUBCASE("held") {
        driver.rounds(10, 101ms);
    }
    CHECK_FALSE(driver.local());
    driver.rounds(3, 1ms);
    CHECK_FALSE(driver.local());
    CHECK(driver.way.pacing_rate());
}

TEST_CASE("where no answer comes soon, the other controller takes over") {
    LocalDriver driver;
    for (int i = 0; i < 16; ++i) {
        CHECK(driver.local());
        driver.way.on_acknowledged({.now = driver.now, .rtt = 31ms, .smoothed_rtt = 31ms});
    }
    CHECK_FALSE(driver.local());
}

TEST_CASE("after a silence the window on one machine begins anew") {
    LocalDriver driver;
    driver.rounds(10, 10ms);
    driver.way.on_silence_ended(driver.now);
    CHECK(driver.window() == 64);
    CHECK(driver.local());
}

TEST_CASE(
    "a connection whose ends are said to be on one machine, and are not, gets its controller") {
    const auto controller_over = [](Duration delay, bool one_machine) {
        Loopback loopback({.role = Role::Server, .one_machine = one_machine},
                          {.role = Role::ClientServerSpeaksFirst}, {.delay = delay}, 1);
        loopback.a.output = random_bytes(8'000'000, 1);
        CHECK(loopback.run_for(60s));
        CHECK(loopback.b.input == loopback.a.output);
        return std::string(loopback.a.pair.recovery().controller().state());
    };
    CHECK(controller_over(100us, true) == "local");
    CHECK(controller_over(100us, false) != "local");
    CHECK(controller_over(20ms, true) != "local");
}
