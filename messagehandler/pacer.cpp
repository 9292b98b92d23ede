#include "messagehandler/pacer.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

// Ours: timers come late by a fraction of this.
constexpr double kBurstSeconds = 0.002;

using Seconds = std::chrono::duration<double>;

}  // namespace

void Pacer::on_sent(TimePoint now, std::size_t bytes, std::uint64_t rate) {
    const auto bytes_per_second = static_cast<double>(std::max<std::uint64_t>(rate, 1));
    const double drained = Seconds(now - drained_).count() * bytes_per_second;
    const double burst =
        std::clamp(bytes_per_second * kBurstSeconds, double{kLeastBurst}, double{kMostBurst});
    // Small messages count for more, because a burst is bounded in their number too.
    const double counted = std::max(static_cast<double>(bytes), burst / kMostMessages);
    backlog_ = std::max(0.0, backlog_ - drained) + counted;
    drained_ = now;
    if (backlog_ < burst) return;
    // It goes on when half of the burst is free again: one wake-up for many blocks.
    const Seconds pause((backlog_ - burst / 2) / bytes_per_second);
    next_ = now + std::chrono::duration_cast<Duration>(std::min(pause, Seconds(1)));
}

}  // namespace curvecp::messagehandler
