// Which ids of the peer's want an answer, and when it has to leave. Specification: an id is put
// into at most one message. Ours: answers wait for company, a few milliseconds at most.
#pragma once

#include "curvecp/core/time.hpp"
#include "messagehandler/message.hpp"

#include <optional>

namespace curvecp::messagehandler {

class Acknowledger {
  public:
    // A message with this id was received and kept. `smoothed_rtt` is 0 while none is known.
    void on_id(TimePoint now, MessageId id, bool urgent, Duration smoothed_rtt);
    // An acknowledgment shall leave although nothing asked for one.
    void demand(TimePoint now) { due_ = now; }

    [[nodiscard]] bool due(TimePoint now) const { return due_ && now >= *due_; }
    [[nodiscard]] bool pending() const { return due_.has_value(); }
    [[nodiscard]] std::optional<TimePoint> deadline() const { return due_; }

    // What the message that is leaving now says, which answers everything: the newest id and how
    // long it was kept; kNoId for none.
    struct Answer {
        MessageId id = kNoId;
        std::optional<Duration> delay{};
    };
    Answer take(TimePoint now);

  private:
    static constexpr std::size_t kRemembered = 256;

    // The newest ids that were put into a message, each in the place of its lowest bits.
    std::array<MessageId, kRemembered> taken_{};
    MessageId newest_ = kNoId;
    TimePoint arrival_;  // of the newest
    unsigned unanswered_ = 0;
    std::optional<TimePoint> due_;
};

}  // namespace curvecp::messagehandler
