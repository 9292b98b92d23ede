// The stream that comes from the peer: blocks in any order on one side, bytes in order for the
// program on the other. Specification: messages.
#pragma once

#include "messagehandler/message.hpp"
#include "messagehandler/range_set.hpp"
#include "messagehandler/ring_buffer.hpp"

namespace curvecp::messagehandler {

class ReceiveStream {
  public:
    enum class Outcome {
        InOrder,    // new bytes, and nothing is missing before them
        NewGap,     // new bytes behind a gap that the sender does not know of yet
        BehindGap,  // new bytes that follow others behind a gap
        Closing,    // a gap was closed, or the end was reached
        Duplicate,  // nothing new
        Refused,    // lies beyond the buffer: to be ignored without an answer
        Ignored,    // contradicts an end that was accepted: likewise
    };

    // Buffers `capacity` bytes at most, and takes memory only for what is there.
    explicit ReceiveStream(std::size_t capacity) : capacity_(capacity) {}

    // `block` is a decoded message's. A block is taken whole or not at all; bytes that are there
    // already stay as they are; the first end is final.
    Outcome accept(StreamPosition position, Bytes block, std::optional<Ending> ending);

    // What to tell the sender: the first range, and up to five more that end with the newest block,
    // each of a size that a message can name.
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

    // The first position that would not be buffered. It never shrinks.
    [[nodiscard]] StreamPosition limit() const { return consumed_ + capacity_; }
    // Behind the last byte that is here.
    [[nodiscard]] StreamPosition highest() const { return highest_; }
    // Bytes that would be accepted beyond those in order.
    [[nodiscard]] std::uint64_t room() const { return capacity_ - (contiguous_ - consumed_); }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
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
    // Ours: as many holes as 8 MiB of full blocks can have.
    RangeSet beyond_{4096};
    std::optional<StreamPosition> total_;
    Ending ending_ = Ending::Success;
    bool discarding_ = false;
};

}  // namespace curvecp::messagehandler
