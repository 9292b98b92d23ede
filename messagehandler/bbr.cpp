#include "messagehandler/bbr.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;

constexpr Duration kLeastRound = milliseconds(2);      // ours: shorter ones measure heaps
constexpr Duration kLeastQueue = microseconds(1500);   // ours: less is how programs are scheduled
constexpr Duration kStaleRtt = std::chrono::seconds(10);
constexpr double kStartupGrowth = 1.25;   // the draft's: less is the end of growth
constexpr unsigned kFullRounds = 3;       // likewise
constexpr double kMuchLoss = 0.05;        // ours: beyond what the path loses by itself
constexpr double kMuchStartupLoss = 0.15;
constexpr double kMostPathLoss = 0.15;    // ours: more is not sent on top
constexpr double kLeastLosses = 4;        // messages in a round; fewer tell nothing
constexpr unsigned kDrainRounds = 3;
constexpr unsigned kCruiseRounds = 5;

double seconds(Duration duration) {
    return Seconds(duration).count();
}

}  // namespace

// --- what is measured

void Bbr::on_acknowledged(const Acknowledged& acknowledged) {
    const TimePoint now = acknowledged.now;
    smoothed_rtt_ = acknowledged.smoothed_rtt;
    if (!round_) round_ = Round{.begin = acknowledged.sent, .first_sent = acknowledged.sent};
    if (acknowledged.rtt) take_rtt(now, *acknowledged.rtt);
    if (acknowledged.bytes == 0) return;
    round_->delivered += static_cast<double>(acknowledged.bytes);
    if (state_ == State::Startup) grow_startup(acknowledged);
    if (acknowledged.sent >= round_->begin && now - round_->begin >= kLeastRound) {
        end_round(now, acknowledged.sent);
    }
    watch_flight(now, static_cast<double>(acknowledged.in_flight) -
                          static_cast<double>(acknowledged.bytes));
}

void Bbr::take_rtt(TimePoint now, Duration rtt) {
    round_->rtt = std::min(round_->rtt.value_or(rtt), rtt);
    if (!least_rtt_ || rtt < *least_rtt_) least_rtt_ = rtt;
    if (rtt <= *least_rtt_ + *least_rtt_ / 16 + kLeastQueue / 2) least_rtt_seen_ = now;
}

bool Bbr::is_queue(Duration rtt) const {
    return rtt > *least_rtt_ + std::max(*least_rtt_ / 5, kLeastQueue);
}

void Bbr::on_lost(const Lost& lost) {
    if (round_) round_->lost += static_cast<double>(lost.bytes);
}

void Bbr::on_spurious_loss(TimePoint /*now*/, std::size_t bytes) {
    if (round_) round_->lost = std::max(0.0, round_->lost - static_cast<double>(bytes));
}

void Bbr::end_round(TimePoint now, TimePoint sent) {
    const Round round = *round_;
    const double rate =
        round.delivered / seconds(std::max(now - round.begin, sent - round.first_sent));
    const bool starved = starved_ && *starved_ >= round.first_sent;
    round_ = Round{.begin = now, .first_sent = sent};
    ++rounds_in_state_;
    queued_ = round.rtt && is_queue(*round.rtt);
    take_loss(round.lost / (round.lost + round.delivered));
    lossy_ &= round.lost >= kLeastLosses * kMessage;
    take_rate(rate, starved);
    next_state(now, rate, starved);
}

void Bbr::take_rate(double rate, bool starved) {
    if (rate > rate_) {
        rate_ = rate_ == 0 || state_ == State::Startup || !queued_ ? rate : (rate_ + rate) / 2;
    } else if (congested() && !starved && state_ != State::Probe) {
        rate_ = (rate_ + rate) / 2;
    }
}

void Bbr::take_loss(double loss) {
    lossy_ = loss > loss_ + (state_ == State::Startup ? kMuchStartupLoss : kMuchLoss);
    if (state_ == State::Startup || state_ == State::Up || queued_ || lossy_) return;
    constexpr double kWeight = 0.1;
    loss_ += kWeight * (std::min(loss, kMostPathLoss) - loss_);
}

// --- what is done about it

void Bbr::grow_startup(const Acknowledged& acknowledged) {
    if (static_cast<double>(acknowledged.in_flight) * 2 < startup_window_) return;
    startup_window_ += static_cast<double>(acknowledged.bytes);
}

void Bbr::next_state(TimePoint now, double rate, bool starved) {
    switch (state_) {
        case State::Startup:
            return end_startup_round(now, rate, starved);
        case State::Drain:
            if (rounds_in_state_ >= kDrainRounds) enter(State::Cruise, now);
            return;
        case State::Cruise:
            if (congested() && !starved) return enter(State::Down, now);
            if (rounds_in_state_ >= cruise_rounds_ && !starved) enter(State::Up, now);
            return;
        case State::Up:
            if (congested() || rounds_in_state_ >= 2) enter(State::Down, now);
            return;
        case State::Down:
            if (rounds_in_state_ >= kDrainRounds) enter(queued_ ? State::Probe : State::Cruise, now);
            return;
        case State::Probe:
            if (rounds_in_state_ >= 2) end_probe(now);
            return;
    }
}

void Bbr::end_startup_round(TimePoint now, double rate, bool starved) {
    if (lossy_) return enter(State::Drain, now);
    if (starved) return;
    const bool grew = rate >= kStartupGrowth * full_rate_;
    if (queued_ && rate < 1.6 * full_rate_) return enter(State::Drain, now);
    full_rounds_ = grew ? 0 : full_rounds_ + 1;
    full_rate_ = std::max(rate, full_rate_);
    if (full_rounds_ >= kFullRounds) enter(State::Drain, now);
}

// The queue is gone when no more is in flight than the path holds.
void Bbr::watch_flight(TimePoint now, double in_flight) {
    const bool draining = state_ == State::Drain || state_ == State::Down;
    if (draining && in_flight <= product()) return enter(State::Cruise, now);
    if (state_ == State::Cruise && now - least_rtt_seen_ > kStaleRtt) enter(State::Probe, now);
}

// What little in flight did not bring down is the path's: another way, or others' queue.
void Bbr::end_probe(TimePoint now) {
    if (round_->rtt) least_rtt_ = round_->rtt;
    least_rtt_seen_ = now;
    enter(State::Cruise, now);
}

void Bbr::enter(State state, TimePoint now) {
    state_ = state;
    state_began_ = now;
    rounds_in_state_ = 0;
    // Not the same for all, else two that share a path ask at the same time for ever.
    const auto chance = static_cast<unsigned>(now.time_since_epoch().count() / 1000);
    cruise_rounds_ = kCruiseRounds + chance % 3;
}

void Bbr::on_silence_ended(TimePoint now) {
    startup_window_ = std::max(kFirstWindow, product() / 2);
    full_rate_ = 0;
    full_rounds_ = 0;
    rate_ /= 2;
    round_.reset();
    least_rtt_seen_ = now;
    enter(State::Startup, now);
}

// --- what that means for the sender

double Bbr::product() const {
    return least_rtt_ ? rate_ * seconds(*least_rtt_) : 0;
}

double Bbr::pacing_gain() const {
    switch (state_) {
        case State::Startup:
            return 2;
        case State::Drain:
            return 0.5;
        case State::Down:
            return 0.75;
        case State::Up:
            return 1.25;
        case State::Cruise:
        case State::Probe:
            return 0.99;
    }
    return 1;
}

std::size_t Bbr::window() const {
    if (state_ == State::Startup || rate_ == 0) return static_cast<std::size_t>(startup_window_);
    const double gain = state_ == State::Probe ? 0.5 : 2;
    // Ours: acknowledgments come in heaps, programs run late.
    const double slack = rate_ * seconds(milliseconds(1) + std::min(smoothed_rtt_ / 4, Duration(milliseconds(5))));
    return static_cast<std::size_t>(gain * product() + slack + 4 * kMessage);
}

std::optional<std::uint64_t> Bbr::pacing_rate() const {
    if (smoothed_rtt_ == Duration::zero()) return std::nullopt;
    double rate = pacing_gain() * rate_ / (1 - loss_);
    if (state_ == State::Startup) rate = pacing_gain() * startup_window_ / seconds(smoothed_rtt_);
    return static_cast<std::uint64_t>(std::max(rate, kMessage));
}

const char* Bbr::state() const {
    switch (state_) {
        case State::Startup:
            return "startup";
        case State::Drain:
            return "drain";
        case State::Cruise:
            return "cruise";
        case State::Up:
            return "up";
        case State::Down:
            return "down";
        case State::Probe:
            return "probe";
    }
    return "";
}

}  // namespace curvecp::messagehandler
