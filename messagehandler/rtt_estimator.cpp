#include "messagehandler/rtt_estimator.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

using std::chrono::milliseconds;

constexpr Duration kFirstTimeout = std::chrono::seconds(1);  // RFC 6298 section 2.1
constexpr Duration kLeastTimeout = milliseconds(10);         // ours, because programs get delayed
constexpr Duration kGranularity = milliseconds(1);           // RFC 9002 section 6.1.2
constexpr Duration kAnswerDelay = milliseconds(5);  // ours: the longest delay of an acknowledgment
constexpr unsigned kMostTolerance = 4;              // RFC 8985 section 6.2: one round trip
constexpr unsigned kCalmRounds = 16;                // likewise, counted in rounds

}  // namespace

Duration RttEstimator::on_sample(Duration sample, Duration answer_delay) {
    sample = std::max(sample, Duration(1));
    if (!has_sample()) {
        minimum_ = smoothed_ = latest_ = sample;
        variance_ = sample / 2;
        return sample;
    }
    minimum_ = std::min(minimum_, sample);
    latest_ = std::max(sample - answer_delay, minimum_);
    variance_ = (3 * variance_ + std::chrono::abs(smoothed_ - latest_)) / 4;
    smoothed_ = std::max((7 * smoothed_ + latest_) / 8, Duration(1));
    return latest_;
}

void RttEstimator::on_spurious_loss() {
    tolerance_ = std::min(tolerance_ + 1, kMostTolerance);
    calm_rounds_ = 0;
}

void RttEstimator::on_round() {
    if (++calm_rounds_ < kCalmRounds) return;
    calm_rounds_ = 0;
    tolerance_ = std::max(tolerance_ - 1, 1U);
}

Duration RttEstimator::probe_timeout() const {
    if (!has_sample()) return kFirstTimeout;
    const Duration answer_delay = std::min(kAnswerDelay, smoothed_ / 4);
    return std::max(kLeastTimeout,
                    smoothed_ + std::max(4 * variance_, kGranularity) + answer_delay);
}

Duration RttEstimator::loss_delay() const {
    return std::max(smoothed_, latest_) + std::max(tolerance_ * smoothed_ / 4, kGranularity);
}

}  // namespace curvecp::messagehandler
