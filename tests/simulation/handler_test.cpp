// A simulated process runs when it was told to: else what is measured with it is not what it seems.
#include "tests/simulation/handler.hpp"

#include <doctest/doctest.h>

using namespace curvecp::simulation;
using namespace std::chrono_literals;
using curvecp::Bytes;
using curvecp::Duration;
using curvecp::TimePoint;
using curvecp::messagehandler::Role;

namespace {

// When the handler of a client that lets the server speak first asks it to.
Duration first_message(const Lateness& lateness) {
    EventQueue queue;
    Duration first{};
    const auto note = [&](Bytes) {
        if (first == Duration{}) first = queue.now() - TimePoint{};
    };
    Handler::Config config;
    config.streams.role = Role::ClientServerSpeaksFirst;
    config.latency = 50us;
    config.lateness = lateness;
    const Handler handler(queue, config, note, [] {});
    queue.run_for(1s);
    return first;
}

}  // namespace

TEST_CASE("a handler is late by chance, as much as it was told to on average, and never early") {
    CHECK(first_message({}) == 50us);
    constexpr int kHandlers = 2000;
    Duration sum{};
    for (std::uint64_t seed = 1; seed <= kHandlers; ++seed) {
        const Duration first = first_message(
            {.seed = seed, .mean = 100us, .stalls = 0.1, .least_stall = 1ms, .most_stall = 4ms});
        REQUIRE(first >= 50us);
        sum += first;
    }
    CHECK(sum / kHandlers > 360us);  // 50 + 100 + 0.1 x 2500
    CHECK(sum / kHandlers < 440us);
}
