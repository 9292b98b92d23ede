// The time of day as a value, for what people and their tools read; posix/clock reads the real one.
// Deadlines and durations are TimePoint's.
#pragma once

#include "curvecp/core/time.hpp"

#include <string>

namespace curvecp {

struct WallTime {
    std::chrono::microseconds since_1970{};  // UTC, without leap seconds
    friend auto operator<=>(WallTime, WallTime) noexcept = default;
};

// RFC 3339, to the millisecond: 2026-11-28T15:04:05.678Z.
[[nodiscard]] std::string to_text(WallTime time);

}  // namespace curvecp
