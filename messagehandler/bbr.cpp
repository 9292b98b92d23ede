#include "messagehandler/bbr.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Seconds = std::chrono::duration<double>;

// All ours, tuned on simulated links (bench/transport), but where it says otherwise.
constexpr Duration kLeastRound = milliseconds(2);         // shorter ones measure heaps
constexpr Duration kLeastQueue = microseconds(2500);      // less is how programs are scheduled
constexpr Duration kStaleRtt = std::chrono::seconds(10);  // the draft's
constexpr Duration kCompetingChecked = std::chrono::seconds(3);
constexpr double kStartupGrowth = 1.15;    // of the window, for each byte that arrives
constexpr double kFullGrowth = 1.25;       // the draft's: a rate that grows less is full
constexpr double kFullGrowthQueued = 1.6;  // where a queue shows too
constexpr unsigned kFullRounds = 3;        // the draft's
constexpr double kMuchLoss = 0.05;         // beyond what the path loses by itself
constexpr double kMuchStartupLoss = 0.15;  // when that is not known yet
constexpr double kMostPathLoss = 0.15;     // more is not sent on top
constexpr double kFewLosses = 4;           // messages in a round that tell nothing
constexpr double kLossWeight = 0.1;        // of a round
constexpr double kRateWeight = 0.5;        // of a round with a queue
constexpr double kFloodedRateWeight = 1;   // with a queue of a round trip
constexpr double kCompetingRateWeight = 0.125;
constexpr unsigned kDrainRounds = 3;
constexpr unsigned kCruiseRounds = 5;
constexpr double kFirstPush = 1.25;  // the draft's
constexpr double kPushStep = 0.25;
constexpr double kMostPush = 2;

double in_seconds(Duration duration) {
    return Seconds(duration).count();
}

}  // namespace

// --- what is measured

void Bbr::on_acknowledged(const Acknowledged& acknowledged) {
    const TimePoint now = acknowledged.now;
    if (!round_) round_ = Round{.begin = acknowledged.sent, .first_sent = acknowledged.sent};
    if (acknowledged.rtt) take_rtt(now, *acknowledged.rtt);
    if (acknowledged.bytes == 0 || !least_rtt_) return;
    round_->delivered += static_cast<double>(acknowledged.bytes);
    flight_ = static_cast<double>(acknowledged.in_flight) - static_cast<double>(acknowledged.bytes);
    if (state_ == State::Startup) grow_startup(acknowledged);
    if (acknowledged.sent >= round_->begin && now - round_->begin >= kLeastRound) {
        end_round(now, acknowledged.sent);
    }
    watch_flight(now);
}

void Bbr::take_rtt(TimePoint now, Duration rtt) {
    round_->rtt_sum += rtt;
    ++round_->rtt_samples;
    round_->least_rtt = std::min(round_->least_rtt, rtt);
    probe_rtt_ = std::min(probe_rtt_, rtt);
    if (!least_rtt_ || rtt < *least_rtt_) least_rtt_ = rtt;
    if (rtt <= *least_rtt_ + *least_rtt_ / 16 + kLeastQueue / 2) least_rtt_seen_ = now;
    if (last_rtt_ != Duration(0)) jitter_ += (std::chrono::abs(rtt - last_rtt_) - jitter_) / 16;
    last_rtt_ = rtt;
    late_samples_ = is_queue(rtt - 2 * jitter_) ? late_samples_ + 1 : 0;
}

bool Bbr::is_queue(Duration rtt) const {
    const Duration calm = calm_rtt_.value_or(*least_rtt_);
    return rtt > calm + std::max(calm / 5, kLeastQueue);
}

bool Bbr::others_queue(Duration rtt) const {
    return rtt > *least_rtt_ * 3 / 2 + kLeastQueue;
}

void Bbr::on_lost(const Lost& lost) {
    if (round_) round_->lost += static_cast<double>(lost.bytes);
}

void Bbr::on_spurious_loss(TimePoint /*now*/, std::size_t bytes) {
    if (round_) round_->lost = std::max(0.0, round_->lost - static_cast<double>(bytes));
}

void Bbr::end_round(TimePoint now, TimePoint sent) {
    const Round round = *round_;
    round_ = Round{.begin = now, .first_sent = sent};
    ++rounds_in_state_;
    const Duration arriving = now - round.begin;
    const Duration sending = sent - round.first_sent;
    verdict_.rate = round.delivered / in_seconds(std::max(arriving, sending));
    verdict_.stretched = arriving > sending + sending / 20;
    verdict_.starved = starved_ && *starved_ >= round.first_sent;
    if (round.rtt_samples > 0) judge_rtt(now, round);
    judge_loss(round);
    take_rate();
    next_state(now);
}

// After the first round of Cruise, the samples are of what was sent in it.
void Bbr::judge_rtt(TimePoint now, const Round& round) {
    const Duration mean = round.rtt_sum / round.rtt_samples;
    verdict_.mean_rtt = mean;
    if (state_ == State::Cruise && rounds_in_state_ >= 2) {
        const bool renew = calm_due_ || competing_;
        calm_rtt_ = renew ? mean : std::min(calm_rtt_.value_or(mean), mean);
        if (calm_due_) {
            competing_ = others_queue(round.least_rtt);
            competing_seen_ = now;
        }
        calm_due_ = false;
    }
    verdict_.queued = is_queue(mean);
}

void Bbr::judge_loss(const Round& round) {
    const bool startup = state_ == State::Startup;
    const double loss = round.lost / (round.lost + round.delivered);
    verdict_.lossy = loss > loss_ + (startup ? kMuchStartupLoss : kMuchLoss) &&
                     round.lost >= kFewLosses * kMessage;
    const bool asking = startup || state_ == State::Push || state_ == State::Listen;
    if (asking || verdict_.congested()) return;
    loss_ += kLossWeight * (std::min(loss, kMostPathLoss) - loss_);
}

void Bbr::take_rate() {
    const double rate = verdict_.rate;
    if (rate > rate_) {
        const bool halfway = rate_ != 0 && state_ != State::Startup && verdict_.queued;
        rate_ = halfway ? (rate_ + rate) / 2 : rate;
    } else if (verdict_.congested() && verdict_.stretched && !verdict_.starved) {
        const bool gently = competing_ && !verdict_.lossy;
        const bool flooded = verdict_.mean_rtt > 2 * *least_rtt_;
        const double weight = flooded ? kFloodedRateWeight : kRateWeight;
        rate_ += (gently ? kCompetingRateWeight : weight) * (rate - rate_);
    }
}

// --- what is done about it

void Bbr::grow_startup(const Acknowledged& acknowledged) {
    startup_held_ |= late();
    const bool unused = starved_ && *starved_ >= acknowledged.sent;
    if (startup_held_ || unused) return;
    startup_window_ += kStartupGrowth * static_cast<double>(acknowledged.bytes);
}

void Bbr::next_state(TimePoint now) {
    switch (state_) {
        case State::Startup:
            return end_startup_round();
        case State::Drain:
            if (rounds_in_state_ >= kDrainRounds) enter(State::Cruise);
            return;
        case State::Cruise:
            return end_cruise_round(now);
        case State::Push:
            return enter(State::Listen);
        case State::Listen:
            return end_listening();
        case State::Down:
            if (rounds_in_state_ < kDrainRounds) return;
            return enter(verdict_.queued ? State::Probe : State::Cruise);
        case State::Probe:
            if (probe_drained_ && rounds_in_state_ >= 2) end_probe(now);
            return;
    }
}

void Bbr::end_startup_round() {
    if (verdict_.lossy) return enter(State::Drain);
    if (verdict_.starved) return;
    const bool shows_queue = verdict_.queued || startup_held_;
    if (shows_queue && verdict_.rate < kFullGrowthQueued * full_rate_) return enter(State::Drain);
    const bool full = verdict_.rate < kFullGrowth * full_rate_;
    full_rounds_ = full ? full_rounds_ + 1 : 0;
    full_rate_ = std::max(verdict_.rate, full_rate_);
    startup_held_ = false;
    late_samples_ = 0;
    if (full_rounds_ >= kFullRounds) enter(State::Drain);
}

void Bbr::end_cruise_round(TimePoint now) {
    if (calm_due_ && !verdict_.lossy) return;
    const bool not_ours = verdict_.queued && !verdict_.stretched && flight_ <= least_product();
    if (not_ours && !verdict_.starved && others_queue(verdict_.mean_rtt)) {
        competing_ = true;
        competing_seen_ = now;
        calm_rtt_ = verdict_.mean_rtt;
    }
    if (verdict_.starved) return;
    if (competing_ ? verdict_.lossy : verdict_.congested()) return enter(State::Down);
    if (rounds_in_state_ < cruise_rounds_) return;
    push_gain_ = kFirstPush;
    enter(State::Push);
}

void Bbr::end_listening() {
    if (verdict_.congested() || competing_) return enter(State::Down);
    push_gain_ = std::min(push_gain_ + kPushStep, kMostPush);
    enter(State::Push);
}

void Bbr::watch_flight(TimePoint now) {
    const bool draining = state_ == State::Drain || state_ == State::Down;
    // Whether others still keep a queue is seen when nothing of ours is in it.
    const bool deep = !competing_ || now - competing_seen_ > kCompetingChecked;
    if (draining && flight_ <= (deep ? least_product() : product())) {
        enter(State::Cruise);
        calm_due_ = deep;
    } else if (state_ == State::Cruise && now - least_rtt_seen_ > kStaleRtt) {
        enter(State::Probe);
    } else if (state_ == State::Probe && !probe_drained_ &&
               flight_ <= static_cast<double>(window())) {
        probe_drained_ = true;
        rounds_in_state_ = 0;
        probe_rtt_ = Duration::max();
    } else if ((state_ == State::Push || state_ == State::Listen) && late() && !competing_) {
        enter(State::Down);
    }
}

// What little in flight did not bring down is the path's: another way, or others' queue.
void Bbr::end_probe(TimePoint now) {
    if (probe_rtt_ != Duration::max()) least_rtt_ = probe_rtt_;
    least_rtt_seen_ = now;
    calm_rtt_ = verdict_.mean_rtt;
    enter(State::Cruise);
    calm_due_ = true;
}

void Bbr::enter(State state) {
    state_ = state;
    rounds_in_state_ = 0;
    calm_due_ = false;
    startup_held_ = false;
    probe_drained_ = false;
    // Not the same for all, else two that share a path ask at the same time for ever.
    const auto chance =
        static_cast<unsigned>(round_ ? round_->begin.time_since_epoch().count() / 1000 : 0);
    cruise_rounds_ = kCruiseRounds + chance % 3;
}

// The path may be another now; half of what it gave is tried first.
void Bbr::on_silence_ended(TimePoint now) {
    startup_window_ = std::max(kFirstWindow, product() / 2);
    rate_ /= 2;
    full_rate_ = 0;
    full_rounds_ = 0;
    round_.reset();
    least_rtt_seen_ = now;
    enter(State::Startup);
}

// --- what that means for the sender

double Bbr::product() const {
    return least_rtt_ ? rate_ * in_seconds(calm_rtt_.value_or(*least_rtt_)) : 0;
}

double Bbr::least_product() const {
    return rate_ * in_seconds(*least_rtt_);
}

double Bbr::pacing_gain() const {
    switch (state_) {
        case State::Startup:
            return 2;
        case State::Drain:
            return 0.5;
        case State::Down:
            return std::clamp(2 - flight_ / product(), 0.5, 0.9);
        case State::Push:
            return push_gain_;
        case State::Listen:
            return 1;
        case State::Cruise:
        case State::Probe:
            return 0.99;
    }
    return 1;
}

std::size_t Bbr::window() const {
    if (state_ == State::Startup || rate_ == 0) return static_cast<std::size_t>(startup_window_);
    const double gain = state_ == State::Probe ? 0.5 : 2;
    // Acknowledgments wait for company, and programs run late.
    const Duration waits = microseconds(1800) + std::min<Duration>(last_rtt_ / 4, milliseconds(5));
    return static_cast<std::size_t>(gain * product() + rate_ * in_seconds(waits) + 4 * kMessage);
}

std::optional<std::uint64_t> Bbr::pacing_rate() const {
    if (!least_rtt_) return std::nullopt;
    const double rate =
        state_ == State::Startup ? startup_window_ / in_seconds(last_rtt_) : rate_ / (1 - loss_);
    return static_cast<std::uint64_t>(std::max(pacing_gain() * rate, kMessage));
}

const char* Bbr::state() const {
    switch (state_) {
        case State::Startup:
            return "startup";
        case State::Drain:
            return "drain";
        case State::Cruise:
            return "cruise";
        case State::Push:
            return "push";
        case State::Listen:
            return "listen";
        case State::Down:
            return "down";
        case State::Probe:
            return "probe";
    }
    return "";
}

}  // namespace curvecp::messagehandler
