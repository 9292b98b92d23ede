#include "messagehandler/pacer.hpp"

#include "messagehandler/congestion_controller.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

// Ours: a burst is what passes in this time; timers come late by a part of it. So single blocks
// leave up to 15 Mbit/s, and tens at a time at 1 Gbit/s.
constexpr double kBurstSeconds = 0.0006;

using Seconds = std::chrono::duration<double>;

}  // namespace

void Pacer::on_sent(TimePoint now, std::size_t bytes, std::uint64_t rate) {
    const auto bytes_per_second = static_cast<double>(std::max<std::uint64_t>(rate, 1));
    const double drained = Seconds(now - drained_).count() * bytes_per_second;
    const auto most = static_cast<double>(most_);
    const double burst =
        std::clamp(bytes_per_second * kBurstSeconds, kMessage, most / 2 * kMessage);
    // Small messages count for more, because a burst is bounded in their number too.
    const double credit = 2 * burst;
    const double counted = std::max(static_cast<double>(bytes), credit / most);
    // What a late timer missed is made up for, by up to a burst.
    backlog_ = std::max(-credit, backlog_ - drained) + counted;
    drained_ = now;
    if (backlog_ < 0) return;
    // It goes on when all of the burst is free again: one wake-up for many blocks.
    const Seconds pause((backlog_ + burst) / bytes_per_second);
    next_ = now + std::chrono::duration_cast<Duration>(std::min(pause, Seconds(1)));
}

}  // namespace curvecp::messagehandler
