// Round-trip times, and what they say about waiting: RFC 6298, RFC 9002 sections 5 and 6.2,
// RFC 8985 section 6.2 for reordering.
#pragma once

#include "curvecp/core/time.hpp"

namespace curvecp::messagehandler {

class RttEstimator {
  public:
    // `answer_delay` is how long the peer says that it waited; it brings no sample below the lowest
    // one seen. Returns the sample without it.
    Duration on_sample(Duration sample, Duration answer_delay);
    // What was taken for lost was only late.
    void on_spurious_loss();
    // A round trip has passed: a tolerance that was not needed for long is given up.
    void on_round();

    [[nodiscard]] bool has_sample() const { return smoothed_ != Duration::zero(); }
    [[nodiscard]] Duration latest() const { return latest_; }
    [[nodiscard]] Duration smoothed() const { return smoothed_; }
    [[nodiscard]] Duration minimum() const { return minimum_; }
    // How long to wait for an answer before asking again; it does not include any back-off.
    [[nodiscard]] Duration probe_timeout() const;
    // How long a transmission may be overtaken by later ones before it counts as lost: a round trip
    // and the time that the network may reorder by.
    [[nodiscard]] Duration loss_delay() const;

  private:
    Duration latest_{0};
    Duration smoothed_{0};
    Duration variance_{0};
    Duration minimum_{0};
    unsigned tolerance_ = 1;  // reordering that is waited for, in quarters of a round trip
    unsigned calm_rounds_ = 0;
};

}  // namespace curvecp::messagehandler
