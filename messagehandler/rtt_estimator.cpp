#include "messagehandler/rtt_estimator.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

using std::chrono::milliseconds;

constexpr Duration kFirstTimeout = std::chrono::seconds(1);  // RFC 6298 section 2.1
constexpr Duration kLeastTimeout = milliseconds(20);         // ours, because programs get delayed
constexpr Duration kGranularity = milliseconds(1);           // RFC 9002 section 6.1.2
constexpr Duration kAnswerDelay = milliseconds(5);  // ours: the longest delay of an acknowledgment

}  // namespace

void RttEstimator::on_sample(Duration sample) {
    latest_ = std::max(sample, Duration(1));
    if (!has_sample()) {
        minimum_ = smoothed_ = latest_;
        variance_ = latest_ / 2;
        return;
    }
    minimum_ = std::min(minimum_, latest_);
    variance_ = (3 * variance_ + std::chrono::abs(smoothed_ - latest_)) / 4;
    smoothed_ = std::max((7 * smoothed_ + latest_) / 8, Duration(1));
}

Duration RttEstimator::probe_timeout() const {
    if (!has_sample()) return kFirstTimeout;
    return std::max(kLeastTimeout,
                    smoothed_ + std::max(4 * variance_, kGranularity) + kAnswerDelay);
}

Duration RttEstimator::loss_delay() const {
    return std::max(smoothed_, latest_) + std::max(smoothed_ / 4, kGranularity);
}

}  // namespace curvecp::messagehandler
