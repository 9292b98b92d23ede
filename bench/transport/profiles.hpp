// The links that the transport is measured on, and what it must do there.
#pragma once

#include "tests/simulation/link.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace curvecp::bench {

// What is asked of a bulk download; nothing where nothing is.
struct Figures {
    std::optional<double> goodput =
        std::nullopt;  // share of the ceiling in the second half, at least
    std::optional<double> queue_ms = std::nullopt;       // mean wait at the bottleneck, at most
    std::optional<double> queue_goal_ms = std::nullopt;  // and better
    std::optional<double> ramp_seconds =
        std::nullopt;                           // when half of the link was first carried, at most
    std::optional<double> wire = std::nullopt;  // bytes on the wire for each one delivered, at most
    std::optional<double> retransmitted = std::nullopt;  // share of the blocks, at most
    std::optional<double> bbr_queue_ms =
        std::nullopt;  // for comparison: the mean wait behind TCP BBR
};

struct Profile {
    std::string_view name;
    simulation::Link::Config down;  // from the server to the client
    simulation::Link::Config up;
    Figures figures;
    double seconds = 15;
};

// The share of a link that a stream can have at most, by the measurements' definition.
inline constexpr double kCeiling = 0.845;

// A link of so many Mbit/s, whose queue holds so long a time of it.
[[nodiscard]] simulation::Link::Config link(std::uint64_t mbit, Duration delay, Duration queue,
                                            double loss = 0);

// Those of the measurements with real processes.
[[nodiscard]] const std::vector<Profile>& profiles();
// Others, so that nothing is tuned to those.
[[nodiscard]] const std::vector<Profile>& more_profiles();
// Of these and those.
[[nodiscard]] const Profile& profile(std::string_view name);

// In bytes of stream a second.
[[nodiscard]] double ceiling(const simulation::Link::Config& link);

}  // namespace curvecp::bench
