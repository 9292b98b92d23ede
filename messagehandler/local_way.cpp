#include "messagehandler/local_way.hpp"

#include "curvecp/core/address.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

using std::chrono::milliseconds;

// All ours.
constexpr double kShrunk = 0.7;                // as CUBIC
constexpr double kGrowth = 8;                  // messages a round
constexpr Duration kLong = milliseconds(100);  // so long the usual window takes at 4 MB/s
constexpr Duration kFar = milliseconds(30);    // the shortest round trip of the first
constexpr unsigned kFirstSamples = 16;
constexpr Duration kAlone = milliseconds(3);
constexpr Duration kCompany = milliseconds(8);

bool is_loopback(const IpAddress& ip) {
    constexpr IpAddress kV6{.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    constexpr std::uint8_t kV4 = 127;
    return ip == kV6 || (ip.is_v4() && ip.bytes[12] == kV4);
}

}  // namespace

bool on_one_machine(std::string_view local_ip, std::string_view remote_ip) {
    const auto local = parse_ip(local_ip);
    const auto remote = parse_ip(remote_ip);
    if (!local || !remote) return false;
    return *local == *remote || (is_loopback(*local) && is_loopback(*remote));
}

void LocalWay::on_acknowledged(const Acknowledged& acknowledged) {
    if (!local_) return otherwise_->on_acknowledged(acknowledged);
    judge_distance(acknowledged);
    if (acknowledged.smoothed_rtt > kLong) {
        shrink(acknowledged.now, acknowledged.sent);
    } else {
        grow(acknowledged);
    }
}

void LocalWay::judge_distance(const Acknowledged& acknowledged) {
    if (!acknowledged.rtt || samples_ == kFirstSamples) return;
    least_rtt_ = std::min(least_rtt_, *acknowledged.rtt);
    if (++samples_ == kFirstSamples) local_ = least_rtt_ < kFar;
}

void LocalWay::grow(const Acknowledged& acknowledged) {
    if (acknowledged.smoothed_rtt < kAlone) most_ = kLoneWindow;
    if (acknowledged.smoothed_rtt > kCompany) most_ = kUsualWindow;
    // A window that is not used does not grow.
    const bool used = static_cast<double>(acknowledged.in_flight) * 2 >= window_ * kMessage;
    const double messages = static_cast<double>(acknowledged.bytes) / kMessage;
    if (used) window_ += steep_ ? messages : kGrowth * messages / window_;
    window_ = std::min(window_, most_);
}

void LocalWay::shrink(TimePoint now, TimePoint sent) {
    if (shrunk_ && sent <= *shrunk_) return;
    shrunk_ = now;
    steep_ = false;
    local_ = window_ > kLeastWindow;
    window_ = std::max(window_ * kShrunk, kLeastWindow);
}

void LocalWay::on_lost(const Lost& lost) {
    if (!local_) return otherwise_->on_lost(lost);
    shrink(lost.now, lost.sent);
}

void LocalWay::on_spurious_loss(TimePoint now, std::size_t bytes) {
    if (!local_) otherwise_->on_spurious_loss(now, bytes);
}

void LocalWay::on_starved(TimePoint now) {
    if (!local_) otherwise_->on_starved(now);
}

void LocalWay::on_silence_ended(TimePoint now) {
    if (!local_) return otherwise_->on_silence_ended(now);
    window_ = std::min(window_, kFirstWindow);
    shrunk_ = now;
}

std::size_t LocalWay::window() const {
    return local_ ? static_cast<std::size_t>(window_ * kMessage) : otherwise_->window();
}

std::optional<std::uint64_t> LocalWay::pacing_rate() const {
    return local_ ? std::nullopt : otherwise_->pacing_rate();
}

const char* LocalWay::state() const {
    return local_ ? "local" : otherwise_->state();
}

}  // namespace curvecp::messagehandler
