// Whether the path drops full-size blocks. Ours: it is blamed only where smaller messages are
// answered all the time and a full block never; an outage, which swallows both, proves nothing.
#pragma once

#include "curvecp/core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace curvecp::messagehandler {

class PathWatch {
  public:
    // A full block left as the transmission with this number.
    void on_full_block(TimePoint now, std::uint64_t number) {
        if (first_) return;
        first_ = number;
        answered_for_ = Duration(0);
        last_answer_ = now;
    }
    // Some full block has arrived.
    void on_full_block_arrived() { first_.reset(); }
    // A transmission that was smaller was answered. A gap between answers counts for an eighth of
    // the patience at most, so eight answers are needed at least, from all of that time.
    void on_answer(TimePoint now, std::uint64_t number, Duration patience) {
        if (!first_ || number < *first_) return;
        answered_for_ += std::min(now - last_answer_, patience / 8);
        last_answer_ = now;
    }

    [[nodiscard]] bool drops_full_blocks(Duration patience) const {
        return first_ && answered_for_ >= patience / 8 * 8;
    }

  private:
    std::optional<std::uint64_t> first_;  // full block without an answer
    Duration answered_for_{0};
    TimePoint last_answer_;
};

}  // namespace curvecp::messagehandler
