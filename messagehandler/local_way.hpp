// The controller between two ends on one machine. There a longer round-trip time tells that the
// processors are busy, and not of a queue on the way, so a controller that listens to it holds
// back, and the streams that share the machine get anything but the same. Here blocks leave without
// a pace, in windows that are the same for all.
//
// It finds out where that is wrong (a relay on this machine, a buffer that is too small): where no
// answer comes soon, and where the window, which shrinks with losses and long round trips as in RFC
// 5681, has become the smallest, another controller takes over for good.
#pragma once

#include "messagehandler/congestion_controller.hpp"

#include <string_view>

namespace curvecp::messagehandler {

// Of the two addresses of a connection, as text; false for what is no address.
[[nodiscard]] bool on_one_machine(std::string_view local_ip, std::string_view remote_ip);

class LocalWay final : public CongestionController {
  public:
    explicit LocalWay(std::unique_ptr<CongestionController> otherwise)
        : otherwise_(std::move(otherwise)) {}

    void on_acknowledged(const Acknowledged& acknowledged) override;
    void on_lost(const Lost& lost) override;
    void on_spurious_loss(TimePoint now, std::size_t bytes) override;
    void on_starved(TimePoint now) override;
    void on_silence_ended(TimePoint now) override;

    [[nodiscard]] std::size_t window() const override;
    [[nodiscard]] std::optional<std::uint64_t> pacing_rate() const override;
    [[nodiscard]] const char* state() const override;

    // Messages; all ours. A window passes by within a few milliseconds where one stream is alone,
    // and the processes at either end take turns; the usual one keeps them apart.
    static constexpr double kUsualWindow = 384;
    static constexpr double kLoneWindow = 768;
    static constexpr double kFirstWindow = 64;
    static constexpr double kLeastWindow = 32;

  private:
    void judge_distance(const Acknowledged& acknowledged);
    void grow(const Acknowledged& acknowledged);
    void shrink(TimePoint now, TimePoint sent);

    std::unique_ptr<CongestionController> otherwise_;
    bool local_ = true;
    unsigned samples_ = 0;
    Duration least_rtt_ = Duration::max();
    double window_ = kFirstWindow;
    double most_ = kUsualWindow;
    bool steep_ = true;                // doubles in a round, until it shrinks for the first time
    std::optional<TimePoint> shrunk_;  // what was sent before does not shrink it again
};

}  // namespace curvecp::messagehandler
