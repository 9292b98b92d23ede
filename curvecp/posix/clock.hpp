// The only clock that the project reads; the pure files are told the time.
#pragma once

#include "curvecp/core/wall_time.hpp"

#include <cstdint>
#include <ctime>  // clock_gettime() and CLOCK_MONOTONIC, which timers are set by as well

namespace curvecp {

// CLOCK_MONOTONIC, in nanoseconds since the machine started.
[[nodiscard]] inline TimePoint now() noexcept {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

// CLOCK_REALTIME, which people and the machine's clock set as they like.
[[nodiscard]] inline WallTime wall_time() noexcept {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return {std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_nsec / 1000)};
}

}  // namespace curvecp
