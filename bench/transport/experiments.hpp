// What is measured. Each writes its rows as soon as they are known; false where a figure was missed
// by more than a tenth.
#pragma once

#include "bench/transport/profiles.hpp"
#include "bench/transport/trace.hpp"

namespace curvecp::bench {

struct Options {
    std::uint64_t seeds = 3;
    std::optional<double> seconds = std::nullopt;  // instead of each experiment's own
    Trace* trace = nullptr;
};

// One endless download through each of these.
bool measure_bulk(const std::vector<Profile>& profiles, const Options& options);
// From the start of the client to the last byte.
bool measure_short_transfers(const Options& options);
// Two downloads through one link.
bool measure_fairness(const Options& options);
// Others that share one, of whom nothing is asked.
bool measure_sharing(const Options& options);
// Paths that change in the midst of a download.
bool measure_dynamics(const Options& options);

}  // namespace curvecp::bench
