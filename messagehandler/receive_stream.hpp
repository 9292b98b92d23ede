// The stream that comes from the peer: blocks in any order on one side, bytes in order for the
// program on the other. Specification: messages.
#pragma once

#include "messagehandler/message.hpp"
#include "messagehandler/range_set.hpp"
#include "messagehandler/ring_buffer.hpp"

namespace curvecp::messagehandler {

class ReceiveStream {
  public:
    // Ours, because the reference's sender has 128 KiB in flight and the program should not starve
    // while one loss is repaired.
    static constexpr std::size_t kCapacity = std::size_t{256} * 1024;

    enum class Outcome {
        InOrder,     // new bytes, and nothing is missing before them
        OutOfOrder,  // new bytes behind a gap
        Closing,     // a gap was closed, or the end was reached
        Duplicate,   // nothing new
        Refused,     // lies beyond the buffer: to be ignored without an answer
        Ignored,     // contradicts an end that was accepted: likewise
    };

    explicit ReceiveStream(std::size_t capacity = kCapacity) : capacity_(capacity) {}

    // `block` is a decoded message's. A block is taken whole or not at all; bytes that are there
    // already stay as they are; the first end is final.
    Outcome accept(StreamPosition position, Bytes block, std::optional<Ending> ending);

    // What to tell the sender: the first range, and five more around the newest block.
    [[nodiscard]] AcknowledgedRanges acknowledged() const;
    // Every byte and the end are there.
    [[nodiscard]] bool complete() const { return total_ && contiguous_ == *total_; }

    // The next bytes for the program; empty where none are there now. They may be fewer than there
    // are, where the buffer wraps around.
    [[nodiscard]] Bytes readable() const { return buffer_.piece(unread()); }
    void consume(std::size_t size);
    // The program reads no more: what is there and what comes is acknowledged and thrown away.
    void discard();
    // After the last byte was consumed.
    [[nodiscard]] std::optional<Ending> end() const;

    // Bytes that would be accepted beyond those in order.
    [[nodiscard]] std::uint64_t room() const { return capacity_ - (contiguous_ - consumed_); }
    // Gives the buffer back while it is empty.
    void release_memory();
    [[nodiscard]] bool releasable() const { return consumed_ == highest_; }
    [[nodiscard]] std::size_t memory() const { return buffer_.capacity(); }

  private:
    [[nodiscard]] Range unread() const { return {consumed_, contiguous_}; }
    [[nodiscard]] bool contradicts(StreamPosition end, std::optional<Ending> ending) const;
    Outcome store(Range range, Bytes block);
    Outcome store_beyond(Range range, Bytes block);
    void advance(StreamPosition end);

    std::size_t capacity_;
    RingBuffer buffer_;
    StreamPosition consumed_;
    StreamPosition contiguous_;
    StreamPosition highest_;  // behind the last byte that is here; an end has no place in memory
    StreamPosition newest_;   // the newest block behind a gap
    // Ours: 512 holes are more than 256 KiB of full blocks can have.
    RangeSet beyond_{512};
    std::optional<StreamPosition> total_;
    Ending ending_ = Ending::Success;
    bool discarding_ = false;
};

}  // namespace curvecp::messagehandler
