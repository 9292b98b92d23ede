// When to send an empty block that only asks for an answer. Specification: pings.
#pragma once

#include "curvecp/core/time.hpp"

#include <optional>

namespace curvecp::messagehandler {

class Pinger {
  public:
    void schedule(TimePoint at) {
        due_ = at;
        attempts_ = 0;
    }
    // The peer spoke, or a block that is under way asks as well.
    void cancel() { due_.reset(); }

    [[nodiscard]] bool due(TimePoint now) const { return due_ && now >= *due_; }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return due_; }
    [[nodiscard]] unsigned attempts() const { return attempts_; }
    // It is repeated after `timeout`.
    void on_sent(TimePoint now, Duration timeout) {
        due_ = now + timeout;
        ++attempts_;
    }

  private:
    std::optional<TimePoint> due_;
    unsigned attempts_ = 0;
};

}  // namespace curvecp::messagehandler
