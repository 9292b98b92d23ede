#include "messagehandler/acknowledger.hpp"

#include <algorithm>
#include <utility>

namespace curvecp::messagehandler {

namespace {

constexpr unsigned kMostUnanswered = 8;  // ours
// Ours: within the first, a program that answers has done so, and the timer is set once for many.
constexpr Duration kShortestDelay = std::chrono::milliseconds(1);
constexpr Duration kLongestDelay = std::chrono::milliseconds(5);

constexpr std::size_t place_of(MessageId id, std::size_t places) {
    return static_cast<std::uint32_t>(id) % places;
}

}  // namespace

void Acknowledger::on_id(TimePoint now, MessageId id, bool urgent, Duration smoothed_rtt) {
    if (taken_[place_of(id, kRemembered)] != id) {
        newest_ = id;
        arrival_ = now;
    }
    ++unanswered_;
    const bool at_once =
        urgent || smoothed_rtt == Duration::zero() || unanswered_ >= kMostUnanswered;
    const Duration delay = std::clamp(smoothed_rtt / 4, kShortestDelay, kLongestDelay);
    const TimePoint due = at_once ? now : now + delay;
    due_ = due_ ? std::min(*due_, due) : due;
}

Acknowledger::Answer Acknowledger::take(TimePoint now) {
    due_.reset();
    unanswered_ = 0;
    const MessageId id = std::exchange(newest_, kNoId);
    if (id == kNoId) return {};
    taken_[place_of(id, kRemembered)] = id;
    return {id, now - arrival_};
}

}  // namespace curvecp::messagehandler
