#include "messagehandler/newreno.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

void NewReno::on_sent(TimePoint /*now*/, std::size_t /*bytes*/, std::size_t /*in_flight*/) {}

void NewReno::on_acknowledged(const Acknowledged& acknowledged) {
    smoothed_rtt_ = acknowledged.smoothed_rtt;
    const bool recovering = recovery_start_ && acknowledged.sent <= *recovery_start_;
    // RFC 9002 section 7.8: a window that is not used does not grow.
    const bool unused = acknowledged.in_flight * 2 < window_;
    if (recovering || unused) return;
    if (window_ < threshold_) {
        window_ += acknowledged.bytes;
        return;
    }
    acknowledged_ += acknowledged.bytes;
    if (acknowledged_ < window_) return;
    acknowledged_ -= window_;
    window_ += kBlock;
}

void NewReno::on_lost(TimePoint now, TimePoint sent, std::size_t /*bytes*/) {
    if (recovery_start_ && sent <= *recovery_start_) return;
    recovery_start_ = now;
    window_ = std::max(window_ / 2, kLeastWindow);
    threshold_ = window_;
    acknowledged_ = 0;
}

void NewReno::on_silence_ended(TimePoint now) {
    recovery_start_ = now;
    threshold_ =
        std::max(threshold_ == std::numeric_limits<std::size_t>::max() ? window_ / 2 : threshold_,
                 kLeastWindow);
    window_ = kLeastWindow;
    acknowledged_ = 0;
}

std::optional<std::uint64_t> NewReno::pacing_rate() const {
    if (smoothed_rtt_ == Duration::zero()) return std::nullopt;
    constexpr std::uint64_t kGain = 2;  // RFC 9002 section 7.7: a little above the window's own
    constexpr std::uint64_t kSecond = 1'000'000'000;
    return kGain * window_ * kSecond / static_cast<std::uint64_t>(smoothed_rtt_.count());
}

}  // namespace curvecp::messagehandler
