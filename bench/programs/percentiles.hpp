// The p-th percentile of times, in microseconds.
#pragma once

#include "curvecp/core/time.hpp"

#include <algorithm>
#include <vector>

namespace curvecp::bench {

// Sorts them.
[[nodiscard]] inline double percentile_us(std::vector<Duration>& times, std::size_t percent) {
    if (times.empty()) return 0;
    std::sort(times.begin(), times.end());
    const std::size_t index = std::min(times.size() - 1, times.size() * percent / 100);
    return std::chrono::duration<double, std::micro>(times[index]).count();
}

}  // namespace curvecp::bench
