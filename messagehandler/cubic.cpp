#include "messagehandler/cubic.hpp"

#include <algorithm>
#include <cmath>

namespace curvecp::messagehandler {

namespace {

constexpr double kBeta = 0.7;                                  // RFC 9438 section 4.6
constexpr double kC = 0.4;                                     // section 5
constexpr double kLeastWindow = 2;                             // RFC 9002 section 7.2
constexpr double kFirstWindow = 10;                            // likewise
constexpr double kRenoGrowth = 3 * (1 - kBeta) / (1 + kBeta);  // alpha of section 4.3

using Seconds = std::chrono::duration<double>;

}  // namespace

void Cubic::on_acknowledged(const Acknowledged& acknowledged) {
    smoothed_rtt_ = acknowledged.smoothed_rtt;
    const bool recovering = model_.recovery && acknowledged.sent <= *model_.recovery;
    // RFC 9002 section 7.8: a window that is not used does not grow.
    const bool unused = static_cast<double>(acknowledged.in_flight) * 2 < model_.window * kMessage;
    if (recovering || unused || acknowledged.bytes == 0) return;
    const double messages = static_cast<double>(acknowledged.bytes) / kMessage;
    if (model_.window < model_.threshold) {
        model_.window += messages;
    } else {
        avoid_congestion(acknowledged, messages);
    }
}

// Section 4.2 to 4.5.
void Cubic::avoid_congestion(const Acknowledged& acknowledged, double messages) {
    if (!model_.epoch) {
        model_.epoch = acknowledged.now;
        model_.reno = model_.window;
        model_.before_loss = std::max(model_.before_loss, model_.window);
        model_.to_plateau = std::cbrt((model_.before_loss - model_.window) / kC);
    }
    const Duration ahead = acknowledged.now - *model_.epoch + acknowledged.smoothed_rtt;
    const double distance = Seconds(ahead).count() - model_.to_plateau;
    const double target = std::clamp(kC * distance * distance * distance + model_.before_loss,
                                     model_.window, 1.5 * model_.window);
    const double growth = model_.reno < model_.before_loss ? kRenoGrowth : 1;
    model_.reno += growth * messages / model_.window;
    model_.window += (target - model_.window) / model_.window * messages;
    model_.window = std::max(model_.window, model_.reno);
}

void Cubic::on_lost(const Lost& lost) {
    if (model_.recovery && lost.sent <= *model_.recovery) return;
    before_loss_ = model_;
    reduce(lost.now);
}

// Section 4.6 and 4.7, fast convergence.
void Cubic::reduce(TimePoint now) {
    const bool shrinks = model_.window < model_.before_loss;
    model_.before_loss = shrinks ? model_.window * (1 + kBeta) / 2 : model_.window;
    model_.window = std::max(model_.window * kBeta, kLeastWindow);
    model_.threshold = model_.window;
    model_.epoch.reset();
    model_.recovery = now;
}

// Section 4.9.
void Cubic::on_spurious_loss(TimePoint /*now*/, std::size_t /*bytes*/) {
    if (!model_.recovery || before_loss_.window < model_.window) return;
    const auto recovery = model_.recovery;
    model_ = before_loss_;
    model_.recovery = recovery;
}

void Cubic::on_silence_ended(TimePoint now) {
    reduce(now);
    model_.window = kFirstWindow;
    before_loss_ = model_;
}

std::size_t Cubic::window() const {
    return static_cast<std::size_t>(model_.window * kMessage);
}

std::optional<std::uint64_t> Cubic::pacing_rate() const {
    if (smoothed_rtt_ == Duration::zero()) return std::nullopt;
    const double gain = model_.window < model_.threshold ? 2 : 1.25;  // RFC 9002 section 7.7
    return static_cast<std::uint64_t>(gain * model_.window * kMessage /
                                      Seconds(smoothed_rtt_).count());
}

const char* Cubic::state() const {
    return model_.window < model_.threshold ? "slow start" : "avoidance";
}

}  // namespace curvecp::messagehandler
