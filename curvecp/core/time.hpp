// Time as a value. The pure files never ask what time it is: `now` is an argument and a deadline
// is a return value, so they run as well on a virtual clock. posix/clock reads the real one.
#pragma once

#include <chrono>
#include <optional>

namespace curvecp {

using Duration = std::chrono::nanoseconds;

// A monotonic timeline without a now().
struct Timeline {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Timeline>;
    static constexpr bool is_steady = true;
};

using TimePoint = Timeline::time_point;

// The earlier of two deadlines; nullopt means never.
[[nodiscard]] constexpr std::optional<TimePoint> earlier(std::optional<TimePoint> a,
                                                         std::optional<TimePoint> b) noexcept {
    if (!a) return b;
    if (!b) return a;
    return std::min(*a, *b);
}

}  // namespace curvecp
