// A model-based congestion controller of the BBR family (draft-ietf-ccwg-bbr): it estimates the
// rate that the path gives and the round-trip time without a queue, sends at that rate, asks for
// more from time to time, and makes up for what queued by that.
//
// Where it departs from the draft:
//   - The rate is measured once a round trip, over all of it, which is sound also where
//     acknowledgments come in heaps. It falls only where a queue stands and a round took longer to
//     arrive than to send: else what arrives is but what was sent.
//   - Asking for more goes on, ever harder, until a queue shows. So each of the flows on a path
//   adds
//     the same queue, whatever its share, and all come to the same share.
//   - A queue is told by the mean round-trip time against that of a round with none (calm), so that
//     jitter is no queue.
//   - A queue that stands although nothing of ours is in it belongs to others: then it is put up
//     with, else a flow that fills all buffers would leave us nothing.
//   - What the path loses without a queue is its own loss, and is sent on top.
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
        Startup,  // more than twice as much each round, until the rate grows no more
        Drain,    // until the queue of that is gone
        Cruise,   // at the rate of the path
        Push,     // asks for more, for a round
        Listen,   // sees in the next round what came of it
        Down,     // until the queue of that is gone
        Probe,    // little in flight, to see the round-trip time without a queue
    };

    // From one acknowledgment to that of something sent after it: a round trip, or a little more.
    struct Round {
        TimePoint begin;
        TimePoint first_sent;  // when the newest was sent that had arrived at `begin`
        double delivered = 0;
        double lost = 0;
        Duration rtt_sum{0};
        unsigned rtt_samples = 0;
        Duration least_rtt = Duration::max();
    };
    // What a round that ended has shown.
    struct Verdict {
        double rate = 0;
        Duration mean_rtt{0};
        bool starved = false;    // there was not always something to send
        bool stretched = false;  // it took longer to arrive than to send
        bool queued = false;
        bool lossy = false;  // more was lost than the path loses by itself
        [[nodiscard]] bool congested() const { return queued || lossy; }
    };

    void take_rtt(TimePoint now, Duration rtt);
    void end_round(TimePoint now, TimePoint sent);
    void judge_rtt(TimePoint now, const Round& round);
    void judge_loss(const Round& round);
    void take_rate();
    void grow_startup(const Acknowledged& acknowledged);
    void next_state(TimePoint now);
    void end_startup_round();
    void end_cruise_round(TimePoint now);
    void end_listening();
    void end_probe(TimePoint now);
    void watch_flight(TimePoint now);
    void enter(State state);

    [[nodiscard]] bool is_queue(Duration rtt) const;
    [[nodiscard]] bool others_queue(Duration rtt) const;
    [[nodiscard]] bool late() const { return late_samples_ >= 3; }
    // What the path holds without a queue, as it mostly is and at the least.
    [[nodiscard]] double product() const;
    [[nodiscard]] double least_product() const;
    [[nodiscard]] double pacing_gain() const;

    State state_ = State::Startup;
    unsigned rounds_in_state_ = 0;
    unsigned cruise_rounds_ = 0;
    std::optional<Round> round_;
    Verdict verdict_;
    double flight_ = 0;
    std::optional<TimePoint> starved_;

    double rate_ = 0;  // bytes a second that arrive; 0 while not known
    double loss_ = 0;  // the part that the path loses by itself

    std::optional<Duration> least_rtt_;
    TimePoint least_rtt_seen_;          // when a sample near it was
    std::optional<Duration> calm_rtt_;  // the mean of a round without a queue of ours
    bool calm_due_ = false;             // such a round is on its way
    Duration last_rtt_{0};
    Duration jitter_{0};         // RFC 3550 section 6.4.1
    unsigned late_samples_ = 0;  // in a row that show a queue

    bool competing_ = false;  // others keep a queue
    TimePoint competing_seen_;

    double startup_window_ = kFirstWindow;
    double full_rate_ = 0;
    unsigned full_rounds_ = 0;
    bool startup_held_ = false;  // grows no more in this round
    double push_gain_ = 0;
    bool probe_drained_ = false;  // so little is in flight as it wants
    Duration probe_rtt_{0};       // the least since

    // Ours: 32 blocks, as gQUIC has for long; what they queue on a slow link is gone in a round.
    static constexpr double kFirstWindow = 32 * kMessage;
};

}  // namespace curvecp::messagehandler
