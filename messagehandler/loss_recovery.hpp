// Decides when blocks may be sent, which are lost, and when to probe a silent peer. In the shape of
// RFC 9002 section 6 and RFC 8985: a block is lost when a later transmission was received and it is
// a round trip and some reordering old; time alone sends one probe and loses nothing.
#pragma once

#include "messagehandler/congestion_controller.hpp"
#include "messagehandler/pacer.hpp"
#include "messagehandler/rtt_estimator.hpp"
#include "messagehandler/sent_blocks.hpp"
#include "messagehandler/transfer_statistics.hpp"
#include "messagehandler/transmission_log.hpp"

#include <memory>

namespace curvecp::messagehandler {

class LossRecovery {
  public:
    enum class Echo { Unknown, Block, Ping };

    // The blocks must outlive this.
    LossRecovery(SentBlocks& blocks, std::unique_ptr<CongestionController> controller)
        : blocks_(blocks), controller_(std::move(controller)) {}

    // --- sending

    // Window and pacing allow a block; not to a silent peer, which is only probed.
    [[nodiscard]] bool may_send(TimePoint now) const;
    [[nodiscard]] bool window_allows() const;
    [[nodiscard]] bool probe_due() const { return probe_due_; }
    // The second and every later probe asks for a ping as well: a peer whose buffer is full drops
    // the block without an answer, and so does a path that lets small packets through alone.
    [[nodiscard]] bool ping_due() const { return ping_due_; }

    // Nothing is there to send though window and pacing allow it.
    void on_starved(TimePoint now) { controller_->on_starved(now); }
    // Each returns the fresh id. `size` is the message's.
    MessageId on_block_sent(TimePoint now, SentBlock& block, std::size_t size);
    MessageId on_ping_sent(TimePoint now);
    // The number of the next transmission.
    [[nodiscard]] std::uint64_t next_number() const { return log_.next_number(); }

    // --- what the peer says: for each message on_echo(), on_acknowledged(), on_message()

    // The id that came back, and its number.
    struct Echoed {
        Echo what = Echo::Unknown;
        std::uint64_t number = 0;
        std::size_t size = 0;  // of a block's message
    };
    // `answer_delay` is how long the peer says that it kept the id.
    Echoed on_echo(TimePoint now, MessageId id, Duration answer_delay);
    // `blocks` are newly acknowledged.
    void on_acknowledged(TimePoint now, std::span<const SentBlock> blocks);
    // The end of any valid message: finds what is lost; a peer that was silent is probed at once.
    // `answers_ping`: the message is nothing but the answer to a ping, and says nothing about room.
    void on_message(TimePoint now, bool answers_ping);

    // --- time

    void advance(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> deadline() const;
    [[nodiscard]] TimePoint next_paced() const { return pacer_.next(); }

    [[nodiscard]] const RttEstimator& rtt() const { return rtt_; }
    [[nodiscard]] const CongestionController& controller() const { return *controller_; }
    [[nodiscard]] const TransferStatistics& statistics() const { return statistics_; }
    // Bursts of so many messages are nothing to the peer.
    void set_most_in_burst(std::size_t messages) { pacer_.set_most(messages); }
    // How slowly a silent peer is probed at most.
    void set_longest_timeout(Duration timeout) { longest_timeout_ = timeout; }
    // The probe timeout after `doublings` time-outs without an answer.
    [[nodiscard]] Duration timeout(unsigned doublings) const {
        return backed_off(doublings, longest_timeout_);
    }
    [[nodiscard]] Duration backed_off(unsigned doublings, Duration longest) const;
    // Transmissions of which it is not known what became of them.
    [[nodiscard]] std::size_t unresolved() const { return log_.size(); }
    [[nodiscard]] bool silent() const { return timeouts_ >= kSilentAfter; }

  private:
    // Ours: from the second time-out on the peer is silent, not the network lossy.
    static constexpr unsigned kSilentAfter = 2;

    [[nodiscard]] bool measures(TimePoint now, const Transmission& transmission) const;
    void on_received(std::uint64_t number);
    void on_delivered(TimePoint sent, std::size_t bytes);
    void on_spurious_loss(TimePoint now, std::size_t bytes);
    void tell_controller(TimePoint now);
    void on_progress(TimePoint now);
    void detect_losses(TimePoint now);
    void on_probe_timeout();
    [[nodiscard]] bool resolved(const Transmission& transmission, std::uint64_t number) const;
    [[nodiscard]] std::optional<TimePoint> loss_deadline() const;
    [[nodiscard]] std::optional<TimePoint> probe_deadline() const;

    SentBlocks& blocks_;
    std::unique_ptr<CongestionController> controller_;
    RttEstimator rtt_;
    Pacer pacer_;
    TransmissionLog log_;
    TransferStatistics statistics_;
    CongestionController::Acknowledged acknowledged_;  // by the message that is being processed
    Duration longest_timeout_ = std::chrono::seconds(5);
    std::uint64_t round_ends_ = 0;  // with the arrival of this transmission or a later one
    std::optional<std::uint64_t> newest_received_;  // the newest block known to have arrived
    std::uint64_t newest_echoed_ = 0;               // the newest of all; older pings are of no use
    TimePoint last_block_sent_;
    TimePoint silence_ended_;
    unsigned timeouts_ = 0;  // without progress
    bool progress_ = false;  // in the message that is being processed
    bool probe_due_ = false;
    bool ping_due_ = false;
    bool hurry_ = false;  // the next probe does not back off
};

}  // namespace curvecp::messagehandler
