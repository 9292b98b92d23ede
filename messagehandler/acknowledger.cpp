#include "messagehandler/acknowledger.hpp"

#include <utility>

namespace curvecp::messagehandler {

namespace {

constexpr unsigned kMostUnanswered = 8;                           // ours
constexpr Duration kLongestDelay = std::chrono::milliseconds(5);  // ours

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
    const TimePoint due = at_once ? now : now + std::min(smoothed_rtt / 4, kLongestDelay);
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
