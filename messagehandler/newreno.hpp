// The simple congestion controller of RFC 9002 section 7.
#pragma once

#include "messagehandler/congestion_controller.hpp"

#include <limits>

namespace curvecp::messagehandler {

class NewReno final : public CongestionController {
  public:
    void on_sent(TimePoint now, std::size_t bytes, std::size_t in_flight) override;
    void on_acknowledged(const Acknowledged& acknowledged) override;
    void on_lost(TimePoint now, TimePoint sent, std::size_t bytes) override;
    void on_silence_ended(TimePoint now) override;

    [[nodiscard]] std::size_t window() const override { return window_; }
    [[nodiscard]] std::optional<std::uint64_t> pacing_rate() const override;

  private:
    static constexpr std::size_t kBlock = 1088;               // a full message
    static constexpr std::size_t kLeastWindow = 2 * kBlock;   // RFC 9002 section 7.2
    static constexpr std::size_t kFirstWindow = 10 * kBlock;  // likewise

    std::size_t window_ = kFirstWindow;
    std::size_t threshold_ = std::numeric_limits<std::size_t>::max();
    std::size_t acknowledged_ = 0;  // in this window, for congestion avoidance
    Duration smoothed_rtt_{0};
    std::optional<TimePoint> recovery_start_;
};

}  // namespace curvecp::messagehandler
