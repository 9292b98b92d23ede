#include "daemon/event_sums.hpp"

#include <utility>

namespace curvecp::daemon {

bool EventSums::on_drop(TimePoint now, DropReason reason, const Path& path) noexcept {
    Entry& entry = entries_[static_cast<std::size_t>(reason)];
    if (!entry.silent_until || (*entry.silent_until <= now && entry.count == 0)) {
        entry.silent_until = now + kPeriod;
        return true;
    }
    ++entry.count;
    entry.path = path;
    return false;
}

std::optional<TimePoint> EventSums::next_deadline() const noexcept {
    std::optional<TimePoint> next;
    for (const Entry& entry : entries_) {
        if (entry.count > 0) next = earlier(next, entry.silent_until);
    }
    return next;
}

std::optional<EventSums::Sum> EventSums::next(TimePoint now) noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = entries_[i];
        if (entry.count == 0 || entry.silent_until > now) continue;
        entry.silent_until = now + kPeriod;
        return Sum{static_cast<DropReason>(i), std::exchange(entry.count, 0), entry.path};
    }
    return std::nullopt;
}

}  // namespace curvecp::daemon
