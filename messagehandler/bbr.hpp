// A model-based congestion controller of the BBR family (draft-ietf-ccwg-bbr): it estimates the
// rate that the path gives and the round-trip time without a queue, sends at that rate, asks for
// more from time to time, and makes up for what queued by that.
//
// Where it departs from the draft: the rate is measured once a round trip, over all of it. While a
// queue stands that is what the path gives, and is taken as it is; without one it is only what was
// sent, and can raise the estimate, not lower it. Loss that is there without a queue is the path's,
// and is sent on top.
#pragma once

#include "messagehandler/congestion_controller.hpp"

namespace curvecp::messagehandler {

class Bbr final : public CongestionController {
  public:
    void on_acknowledged(const Acknowledged& acknowledged) override;
    void on_lost(const Lost& lost) override;
    void on_spurious_loss(TimePoint now, std::size_t bytes) override;
    void on_starved(TimePoint now) override { starved_ = now; }
    void on_silence_ended(TimePoint now) override;

    [[nodiscard]] std::size_t window() const override;
    [[nodiscard]] std::optional<std::uint64_t> pacing_rate() const override;
    [[nodiscard]] const char* state() const override;

  private:
    enum class State : std::uint8_t {
        Startup,  // twice as much each round, until the rate grows no more
        Drain,    // until the queue of that is gone
        Cruise,   // at the rate of the path
        Up,       // asks for more
        Down,     // until the queue of that is gone
        Probe,    // little in flight, to see the round-trip time without a queue
    };

    // From one acknowledgment to that of something sent after it: a round trip, or a little more.
    struct Round {
        TimePoint begin;
        TimePoint first_sent;  // when the newest was sent that had arrived at `begin`
        double delivered = 0;
        double lost = 0;
        std::optional<Duration> rtt{};  // the lowest
    };

    void take_rtt(TimePoint now, Duration rtt);
    void end_round(TimePoint now, TimePoint sent);
    void take_rate(double rate, bool starved);
    void take_loss(double loss);
    void grow_startup(const Acknowledged& acknowledged);
    void next_state(TimePoint now, double rate, bool starved);
    void end_startup_round(TimePoint now, double rate, bool starved);
    void end_probe(TimePoint now);
    void watch_flight(TimePoint now, double in_flight);
    void enter(State state, TimePoint now);

    [[nodiscard]] bool is_queue(Duration rtt) const;
    [[nodiscard]] bool congested() const { return queued_ || lossy_; }
    [[nodiscard]] double product() const;  // of rate and round-trip time
    [[nodiscard]] double pacing_gain() const;

    State state_ = State::Startup;
    TimePoint state_began_;
    unsigned rounds_in_state_ = 0;
    unsigned cruise_rounds_ = 0;

    std::optional<Round> round_;
    bool queued_ = false;  // in the round that ended last
    bool lossy_ = false;   // likewise: more was lost than the path loses by itself
    std::optional<TimePoint> starved_;

    double rate_ = 0;  // bytes a second that arrive; 0 while not known
    double loss_ = 0;  // the part that the path loses by itself
    std::optional<Duration> least_rtt_;
    TimePoint least_rtt_seen_;  // when a sample near it was
    Duration smoothed_rtt_{0};

    double startup_window_ = kFirstWindow;
    double full_rate_ = 0;
    unsigned full_rounds_ = 0;

    static constexpr double kMessage = 1088;
    // Ours: 16 blocks, which is about RFC 6928's ten segments in bytes.
    static constexpr double kFirstWindow = 16 * kMessage;
};

}  // namespace curvecp::messagehandler
