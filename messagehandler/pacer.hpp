// Spreads blocks over time, so that no burst overruns a queue on the way: RFC 9002 section 7.7.
#pragma once

#include "curvecp/core/time.hpp"

#include <cstddef>
#include <cstdint>

namespace curvecp::messagehandler {

class Pacer {
  public:
    // In a burst. Ours, because the reference keeps 64 messages while it is busy, and a pipe about
    // as many.
    static constexpr std::size_t kMostMessages = 48;
    // Ours: to a peer that reads at once, what a fast link carries while a timer is late.
    static constexpr std::size_t kMostToReader = 128;

    void set_most(std::size_t messages) { most_ = messages; }
    // `rate` in bytes a second.
    void on_sent(TimePoint now, std::size_t bytes, std::uint64_t rate);
    [[nodiscard]] bool may_send(TimePoint now) const { return now >= next_; }
    // When it may send again; in the past where it may now.
    [[nodiscard]] TimePoint next() const { return next_; }

  private:
    std::size_t most_ = kMostMessages;
    double backlog_ = 0;  // bytes that left ahead of the rate
    TimePoint drained_;   // when backlog_ was right
    TimePoint next_;
};

}  // namespace curvecp::messagehandler
