// A delay that wanders like a radio scheduler's: on a straight line from one random point to the
// next, so slowly that packets keep their order.
#pragma once

#include "curvecp/core/time.hpp"
#include "tests/simulation/dice.hpp"

namespace curvecp::simulation {

class Wander {
  public:
    explicit Wander(std::uint64_t seed) : dice_(seed) {}

    // Between -reach and reach; `now` never decreases.
    [[nodiscard]] Duration at(TimePoint now, Duration reach) {
        // Ours: the emulator of the measurements takes as long from point to point.
        const Duration period = std::max<Duration>(reach, std::chrono::milliseconds(5));
        while (!end_ || now >= *end_) {
            end_ = end_.value_or(now) + period;
            from_ = to_;
            to_ = 2 * dice_.unit() - 1;
        }
        const double left = static_cast<double>((*end_ - now).count());
        const double share = std::min(1.0, left / static_cast<double>(period.count()));
        const double offset = share * from_ + (1 - share) * to_;
        return Duration(static_cast<Duration::rep>(offset * static_cast<double>(reach.count())));
    }

  private:
    Dice dice_;
    std::optional<TimePoint> end_;
    double from_ = 0;
    double to_ = 0;
};

}  // namespace curvecp::simulation
