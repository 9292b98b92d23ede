// The blocks that have been sent and are not acknowledged, in the order of their positions: which
// of them are in flight, which are lost, and what the peer has acknowledged.
#pragma once

#include "messagehandler/flat_queue.hpp"
#include "messagehandler/message.hpp"
#include "messagehandler/range_set.hpp"

namespace curvecp::messagehandler {

struct SentBlock {
    enum class State : std::uint8_t {
        Unsent,
        InFlight,
        Lost,    // to be sent again
        Echoed,  // its id came back, but no range covers it: the peer probably has it
        Acknowledged,
    };

    Range range{};                   // the end of the stream counts as a byte
    std::uint64_t transmission = 0;  // the number of the newest one
    std::uint16_t cost = 0;          // what it counts for in flight
    std::uint16_t transmissions = 0;
    State state = State::Unsent;
    bool was_lost = false;  // some transmission of it was taken for lost
};

class SentBlocks {
  public:
    // --- sending. A reference is good until the next call.

    // The next new block. `range` begins where the last one ended.
    SentBlock& append(Range range);
    [[nodiscard]] bool has_lost() const { return lost_count_ != 0; }
    // The block that was lost first, without what was acknowledged of it; has_lost() must hold. It
    // has to be sent now.
    SentBlock& take_lost();
    // The oldest block, likewise; not empty() must hold.
    SentBlock& take_oldest();
    void sent(SentBlock& block, std::uint64_t transmission, std::size_t cost);

    // --- what became of a transmission: each does nothing where the block has been sent again
    // since

    void lost(StreamPosition begin, std::uint64_t transmission);
    // Returns what left the flight by this.
    std::size_t echoed(StreamPosition begin, std::uint64_t transmission);
    [[nodiscard]] bool in_flight(StreamPosition begin, std::uint64_t transmission) const;

    // --- acknowledgments

    // Ranges may be any: each is cut to what has been sent now, and void where it begins beyond.
    // Returns the blocks that are acknowledged by this, as they were before; good until the next
    // call. `total` is where the end is, if it was sent: only a first range acknowledges that.
    [[nodiscard]] std::span<const SentBlock> acknowledge(const AcknowledgedRanges& ranges,
                                                         std::optional<StreamPosition> total);

    [[nodiscard]] bool empty() const { return blocks_.empty(); }
    // Everything before this is acknowledged.
    [[nodiscard]] StreamPosition acknowledged() const { return base_; }
    // Nothing at or after this has been sent.
    [[nodiscard]] StreamPosition sent_end() const { return sent_end_; }
    [[nodiscard]] std::size_t bytes_in_flight() const { return bytes_in_flight_; }

  private:
    using State = SentBlock::State;

    [[nodiscard]] std::size_t index_at(StreamPosition position) const;
    [[nodiscard]] const SentBlock* find(StreamPosition begin, std::uint64_t transmission) const;
    SentBlock* find(StreamPosition begin, std::uint64_t transmission);
    void change(SentBlock& block, State state);
    SentBlock& without_acknowledged(std::size_t index);
    void credit_first(Range range);
    void credit(Range range);
    void credit_blocks(Range range);

    FlatQueue<SentBlock> blocks_;
    FlatQueue<StreamPosition> lost_;  // beginnings of lost blocks; outdated where there is none
    // Ours: a peer with more holes than this gets credit for the rest later.
    RangeSet beyond_{4096};
    std::vector<SentBlock> newly_;
    std::vector<Range> missing_;
    StreamPosition base_;
    StreamPosition sent_end_;
    std::size_t bytes_in_flight_ = 0;
    std::size_t lost_count_ = 0;
};

}  // namespace curvecp::messagehandler
