#include "bench/transport/profiles.hpp"

#include <stdexcept>
#include <string>

namespace curvecp::bench {

using namespace std::chrono_literals;
using simulation::Link;

namespace {

constexpr std::uint64_t kMbit = 125'000;  // bytes a second
constexpr double kWireClean = 1.18;

// What blocks cost, repaired losses, and what goes on beside them.
double wire(double loss) {
    return 1.152 * (1 + 1.5 * loss) + 0.02;
}

Link::Config lan() {
    // 35 us, and about 65 us until the emulator and who receives are awake.
    return {.delay = 100us, .rate = 1000 * kMbit, .queue_limit = 512'000};
}

Link::Config reordering() {
    Link::Config config = link(100, 10ms, 20ms);
    config.reordering = 0.05;
    config.extra_delay = 2ms;
    config.exactly_late = true;
    return config;
}

Link::Config wandering(Link::Config config, Duration jitter) {
    config.jitter = jitter;
    return config;
}

Link::Config scattering(Link::Config config, Duration jitter) {
    config.jitter_of_each = jitter;
    return config;
}

// On average five packets in a row, and one in two hundred.
Link::Config bursty(Link::Config config) {
    config.burst_begin = 0.001;
    config.burst_end = 0.2;
    return config;
}

Profile both_ways(std::string_view name, const Link::Config& link, const Figures& figures = {},
                  double seconds = 15) {
    return {name, link, link, figures, seconds};
}

}  // namespace

Link::Config link(std::uint64_t mbit, Duration delay, Duration queue, double loss) {
    return {.delay = delay, .rate = mbit * kMbit, .queue_time = queue, .loss = loss};
}

const std::vector<Profile>& profiles() {
    static const std::vector<Profile> all{
        both_ways("lan", lan(),
                  {.goodput = 0.70, .queue_ms = 1.81, .wire = kWireClean, .bbr_queue_ms = 1.81}, 4),
        both_ways("fast", link(100, 10ms, 20ms),
                  {.goodput = 0.96,
                   .queue_ms = 6.19,
                   .queue_goal_ms = 3,
                   .wire = kWireClean,
                   .bbr_queue_ms = 6.19}),
        both_ways("lossy", link(100, 10ms, 20ms, 0.01),
                  {.goodput = 0.93,
                   .queue_ms = 4.02,
                   .queue_goal_ms = 3,
                   .wire = wire(0.01),
                   .bbr_queue_ms = 4.02}),
        both_ways("long", link(50, 75ms, 150ms, 0.001),
                  {.goodput = 0.90,
                   .queue_ms = 22.29,
                   .ramp_seconds = 1.2,  // a block that gets lost in the start-up stops the program
                   .wire = wire(0.001),
                   .bbr_queue_ms = 22.29}),
        both_ways("bad", link(10, 50ms, 100ms, 0.03),
                  {.goodput = 0.88, .queue_ms = 11.88, .wire = wire(0.03), .bbr_queue_ms = 11.88}),
        both_ways("bloat", link(10, 20ms, 1s),
                  {.goodput = 0.95, .queue_ms = 10, .wire = kWireClean, .bbr_queue_ms = 9.8}),
        both_ways("reorder", reordering(),
                  {.goodput = 0.95,
                   .queue_ms = 14.47,
                   .queue_goal_ms = 3,
                   .wire = kWireClean,
                   .retransmitted = 0.005,
                   .bbr_queue_ms = 14.47}),
        {"lte",
         wandering(link(30, 30ms, 200ms, 0.003), 10ms),
         wandering(link(10, 30ms, 200ms, 0.003), 10ms),
         {.goodput = 0.88, .queue_ms = 20, .wire = wire(0.003), .bbr_queue_ms = 55.4}},
    };
    return all;
}

const std::vector<Profile>& more_profiles() {
    static const std::vector<Profile> all{
        both_ways("lossier", link(5, 20ms, 100ms, 0.05), {.wire = wire(0.05)}),
        both_ways("shallow", link(100, 10ms, 2ms)),
        both_ways("satellite", link(20, 150ms, 300ms)),
        both_ways("narrow", link(1, 25ms, 200ms)),
        both_ways("fibre", link(500, 2500us, 5ms), {}, 6),
        {"thin-up", link(50, 15ms, 100ms), link(2, 15ms, 100ms), {}},
        both_ways("bursty", bursty(link(50, 15ms, 60ms))),
        both_ways("wifi", scattering(link(50, 5ms, 100ms), 5ms)),
    };
    return all;
}

const Profile& profile(std::string_view name) {
    for (const auto* const all : {&profiles(), &more_profiles()}) {
        for (const Profile& profile : *all) {
            if (profile.name == name) return profile;
        }
    }
    throw std::invalid_argument("no profile " + std::string(name));
}

double ceiling(const Link::Config& link) {
    return kCeiling * static_cast<double>(link.rate);
}

}  // namespace curvecp::bench
