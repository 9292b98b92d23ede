// The stream that goes to the peer: bytes of the program's output on one side, blocks on the other.
#pragma once

#include "messagehandler/ring_buffer.hpp"
#include "messagehandler/sent_blocks.hpp"

namespace curvecp::messagehandler {

class SendStream {
  public:
    // Specification: what a peer that says nothing about it buffers beyond its first range.
    static constexpr std::uint64_t kAssumedRoom = 131072;

    // --- the program's output

    // Where the next bytes go; empty while `most` bytes or more are kept, and after the end. The
    // buffer grows when it was filled.
    [[nodiscard]] MutableBytes room(std::size_t most);
    void commit(std::size_t size);
    void end(Ending ending);
    [[nodiscard]] bool ended() const { return ending_.has_value(); }
    [[nodiscard]] bool end_sent() const { return blocks_.sent_end() > written_; }

    // --- sending

    // Bytes or the end that were never sent, and that the peer has room for.
    [[nodiscard]] bool has_new() const;
    // Cuts the next block, of at most `max_size` bytes; has_new() must hold.
    SentBlock& cut(std::size_t max_size);
    // The peer has said so far it buffers; smaller limits than before change nothing.
    void raise_limit(StreamPosition limit);
    // The peer has said how far it buffers, once at least.
    [[nodiscard]] bool limit_known() const { return limit_.has_value(); }
    // Only the limit keeps bytes from being sent.
    [[nodiscard]] bool limited() const;
    [[nodiscard]] StreamPosition written() const { return written_; }
    // Fills in what a message with this block says of it.
    void describe(const SentBlock& block, MessageHeader& header) const;
    void copy(const SentBlock& block, MutableBytes out) const;

    // --- what became of it

    [[nodiscard]] SentBlocks& blocks() { return blocks_; }
    [[nodiscard]] const SentBlocks& blocks() const { return blocks_; }
    // See SentBlocks::acknowledge().
    [[nodiscard]] std::span<const SentBlock> acknowledge(const AcknowledgedRanges& ranges);
    // Every byte and the end are acknowledged.
    [[nodiscard]] bool complete() const;

    // Gives the buffer back while it is empty.
    void release_memory();
    [[nodiscard]] bool releasable() const { return unacknowledged() == written_; }
    [[nodiscard]] std::size_t memory() const { return buffer_.capacity(); }

  private:
    [[nodiscard]] StreamPosition limit() const {
        return limit_.value_or(blocks_.acknowledged() + kAssumedRoom);
    }
    [[nodiscard]] StreamPosition unacknowledged() const;

    RingBuffer buffer_;
    SentBlocks blocks_;
    StreamPosition written_;
    std::optional<StreamPosition> limit_;
    std::optional<Ending> ending_;
};

}  // namespace curvecp::messagehandler
