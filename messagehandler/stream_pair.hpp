// Both streams of a connection: the whole message handler without descriptors, clock and program.
//
// The owner
//   - gives every message from the peer to on_message();
//   - after that, after each call of the program's side and when next_deadline() has come, calls
//     next_message() until it returns 0, and sends what it filled in, in that order;
//   - asks next_deadline() again; while its way out is blocked it may leave all of this waiting.
// Nothing here blocks, reads a clock or throws because of what a peer sends. `now` never decreases.
#pragma once

#include "messagehandler/acknowledger.hpp"
#include "messagehandler/loss_recovery.hpp"
#include "messagehandler/path_watch.hpp"
#include "messagehandler/peer_watch.hpp"
#include "messagehandler/pinger.hpp"
#include "messagehandler/receive_stream.hpp"
#include "messagehandler/receive_window.hpp"
#include "messagehandler/send_stream.hpp"

namespace curvecp::messagehandler {

enum class Role : std::uint8_t { Server, ClientServerSpeaksFirst, ClientSpeaksFirst };

class StreamPair {
  public:
    struct Config {
        Role role = Role::Server;
        // So long may nothing be answered before the peer has vanished; ten times as long where
        // it never said how far it buffers, because the reference is silent while its program is.
        Duration timeout = std::chrono::seconds(60);
        std::optional<Duration> keepalive{};                // quiet after which the peer is asked
        std::optional<Duration> idle_timeout{};             // without a byte of either stream
        std::size_t buffer = std::size_t{8} * 1024 * 1024;  // of each stream, at most
        std::size_t max_block = kMaxBlockSize;
        bool extensions = true;  // tell the receive limit
        Congestion congestion = Congestion::Bbr;
        bool one_machine = false;  // both ends seem to be on one
    };

    enum class Status : std::uint8_t {
        Running,
        Lingering,  // both ends are acknowledged; the peer may still need an answer
        Done,       // nothing more is due; messages are still answered
        // Nothing more is sent:
        PeerVanished,
        Idle,          // the idle timeout has passed
        BlocksVanish,  // the peer answers, but never to a full block: the path drops them
    };

    StreamPair(const Config& config, TimePoint now);

    // --- the peer's side

    // Any bytes; what is no valid message is ignored.
    void on_message(TimePoint now, Bytes message);
    // The size of the message that was filled in; 0 where nothing is to be sent now.
    [[nodiscard]] std::size_t next_message(TimePoint now, MutableFixedBytes<kMaxMessageSize> out);
    // When to call next_message() again though nothing has happened; nullopt is never. After it
    // returned 0 this is later than its `now`.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    // --- the program's side

    // Where the program's next output goes: read into it, then commit. Empty while the buffer is
    // full, and after end_output(). It holds about what fills the path twice.
    [[nodiscard]] MutableBytes output_room();
    void commit_output(std::size_t size) { send_.commit(size); }
    // The first end is final.
    void end_output(Ending ending) { send_.end(ending); }
    [[nodiscard]] bool output_ended() const { return send_.ended(); }

    // The next bytes for the program's input, in one piece; empty where none are there now. After
    // consume_input() there may be more.
    [[nodiscard]] Bytes input() const { return receive_.readable(); }
    void consume_input(TimePoint now, std::size_t size);
    // The peer's end, after all bytes before it were consumed.
    [[nodiscard]] std::optional<Ending> input_end() const { return receive_.end(); }
    // The program reads no more: what comes is acknowledged and thrown away.
    void discard_input(TimePoint now);
    // The program has ended: after its output and end are acknowledged the peer's end is waited for
    // no longer than 10 s of quiet.
    void on_program_exit(TimePoint now) { program_exit_ = now; }

    // --- how it stands

    // So long may nothing be answered; the peer makes the difference.
    [[nodiscard]] Duration patience() const;
    // As of the last call of next_message().
    [[nodiscard]] Status status() const { return status_; }
    // The output and its end are acknowledged.
    [[nodiscard]] bool output_complete() const { return send_.complete(); }
    // All of the peer's bytes and its end are here.
    [[nodiscard]] bool input_complete() const { return receive_.complete(); }
    [[nodiscard]] const RttEstimator& rtt() const { return recovery_.rtt(); }
    [[nodiscard]] const LossRecovery& recovery() const { return recovery_; }
    [[nodiscard]] const SendStream& output() const { return send_; }
    [[nodiscard]] StreamPosition received() const { return receive_.highest(); }

  private:
    [[nodiscard]] bool is_client() const { return config_.role != Role::Server; }
    [[nodiscard]] bool both_complete() const { return send_.complete() && receive_.complete(); }

    void watch_path(TimePoint now, const LossRecovery::Echoed& echo,
                    std::span<const SentBlock> blocks);
    bool take_acknowledgments(TimePoint now, const MessageHeader& header);
    void take_block(TimePoint now, const Message& message);
    void take_receive_limit(const ReceiveLimit& receive_limit);
    void schedule_ping(TimePoint now, bool streaming);
    void note_completion(TimePoint now);
    void answer_refused(TimePoint now);

    void advance(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> leave_at() const;
    [[nodiscard]] std::optional<TimePoint> release_at() const;
    [[nodiscard]] bool over() const { return status_ >= Status::PeerVanished; }
    void give_up(Status status);
    void note_progress(TimePoint now);
    void schedule_room_pings(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> keepalive_at() const;
    [[nodiscard]] std::optional<TimePoint> idle_at() const;
    [[nodiscard]] bool ping_due(TimePoint now) const;
    SentBlock* next_block(TimePoint now);
    std::size_t send_block(TimePoint now, SentBlock& block, MutableFixedBytes<kMaxMessageSize> out);
    std::size_t send_ping(TimePoint now, MutableFixedBytes<kMaxMessageSize> out);
    std::size_t send_farewell(TimePoint now, MutableFixedBytes<kMaxMessageSize> out);
    std::size_t send_acknowledgment(TimePoint now, MutableFixedBytes<kMaxMessageSize> out);
    [[nodiscard]] MessageHeader next_header(TimePoint now);

    Config config_;
    ReceiveStream receive_;
    SendStream send_;
    LossRecovery recovery_;
    Acknowledger acknowledger_;
    PeerWatch watch_;
    Pinger pinger_;
    ReceiveWindow receive_window_{receive_};
    Pinger room_pinger_;             // while the peer has no room for more
    Pinger growth_pinger_;           // until the peer knows that there is room again
    StreamPosition growth_told_at_;  // how far the peer had sent then
    std::uint64_t progress_ = 0;     // bytes of both streams
    TimePoint last_progress_;
    PathWatch path_watch_;
    bool farewell_due_ = false;
    Status status_ = Status::Running;
    bool acknowledged_ever_ = false;  // the peer has acknowledged something
    bool refused_ = false;            // a block did not fit; the peer is told when there is room
    // Transmissions from this number on tell the peer that its end has arrived.
    std::optional<std::uint64_t> tells_end_from_;
    bool peer_is_done_ = false;  // it is known to have heard that
    std::optional<TimePoint> completed_;
    std::optional<TimePoint> program_exit_;
};

}  // namespace curvecp::messagehandler
