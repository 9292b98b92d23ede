// CUBIC, RFC 9438, with pacing.
#pragma once

#include "messagehandler/congestion_controller.hpp"

#include <limits>

namespace curvecp::messagehandler {

class Cubic final : public CongestionController {
  public:
    void on_acknowledged(const Acknowledged& acknowledged) override;
    void on_lost(const Lost& lost) override;
    void on_spurious_loss(TimePoint now, std::size_t bytes) override;
    void on_starved(TimePoint /*now*/) override {}
    void on_silence_ended(TimePoint now) override;

    [[nodiscard]] std::size_t window() const override;
    [[nodiscard]] std::optional<std::uint64_t> pacing_rate() const override;
    [[nodiscard]] const char* state() const override;

  private:
    // All windows are in messages of full size, as in the RFC.
    struct Model {
        double window = 10;
        double threshold = std::numeric_limits<double>::infinity();
        double before_loss = 0;  // W_max
        double reno = 0;         // W_est, what Reno would have
        double to_plateau = 0;   // K, in seconds
        std::optional<TimePoint> epoch{};
        std::optional<TimePoint> recovery{};  // what was sent before is not counted again
    };

    void reduce(TimePoint now);
    void avoid_congestion(const Acknowledged& acknowledged, double messages);

    Model model_;
    Model before_loss_;  // to go back to, where the loss was none
    Duration smoothed_rtt_{0};
};

}  // namespace curvecp::messagehandler
