// Whether the peer is still there. Specification: it has vanished when nothing at all was answered
// for some time, counted from the first question without an answer.
#pragma once

#include "curvecp/core/time.hpp"

#include <optional>

namespace curvecp::messagehandler {

class PeerWatch {
  public:
    PeerWatch(Duration timeout, TimePoint now) : timeout_(timeout), last_heard_(now) {}

    void set_timeout(Duration timeout) { timeout_ = timeout; }
    // A message left that wants an answer.
    void on_asked(TimePoint now) {
        if (!asked_) asked_ = now;
    }
    // Any valid message.
    void on_message(TimePoint now) {
        asked_.reset();
        last_heard_ = now;
        heard_ = true;
    }

    [[nodiscard]] bool heard() const { return heard_; }
    // The start, where nothing was heard yet.
    [[nodiscard]] TimePoint last_heard() const { return last_heard_; }
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return asked_ ? std::optional(*asked_ + timeout_) : std::nullopt;
    }
    [[nodiscard]] bool vanished(TimePoint now) const { return asked_ && now >= *deadline(); }

  private:
    Duration timeout_;
    std::optional<TimePoint> asked_;
    TimePoint last_heard_;
    bool heard_ = false;
};

}  // namespace curvecp::messagehandler
