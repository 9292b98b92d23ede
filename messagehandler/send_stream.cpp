#include "messagehandler/send_stream.hpp"

namespace curvecp::messagehandler {

MutableBytes SendStream::room(std::size_t most) {
    if (ending_ || written_.value == kMaxStreamSize) return {};
    const Range kept{unacknowledged(), written_};
    if (kept.size() >= most) return {};
    if (kept.size() == buffer_.capacity()) buffer_.reserve({kept.begin, kept.end + 1}, kept);
    const StreamPosition full = kept.begin + std::min(buffer_.capacity(), most);
    return buffer_.piece(Range{written_, std::min(full, StreamPosition{kMaxStreamSize})});
}

void SendStream::commit(std::size_t size) {
    written_ = written_ + size;
}

void SendStream::end(Ending ending) {
    if (!ending_) ending_ = ending;
}

void SendStream::raise_limit(StreamPosition limit) {
    limit_ = std::max(limit_.value_or(limit), limit);
}

bool SendStream::limited() const {
    return blocks_.sent_end() < written_ && blocks_.sent_end() >= limit();
}

bool SendStream::has_new() const {
    const StreamPosition sent = blocks_.sent_end();
    if (sent < written_) return sent < limit();
    return ending_ && !end_sent();
}

SentBlock& SendStream::cut(std::size_t max_size) {
    const StreamPosition begin = blocks_.sent_end();
    StreamPosition end = std::min({written_, limit(), begin + max_size});
    if (end <= begin) end = begin;
    if (ending_ && end == written_) end = end + 1;
    return blocks_.append({begin, end});
}

void SendStream::describe(const SentBlock& block, MessageHeader& header) const {
    const StreamPosition end = std::min(block.range.end, written_);
    header.position = block.range.begin;
    header.block_size = end - block.range.begin;
    if (block.range.end > written_) header.ending = ending_;
}

void SendStream::copy(const SentBlock& block, MutableBytes out) const {
    buffer_.read(block.range.begin, out);
}

std::span<const SentBlock> SendStream::acknowledge(const AcknowledgedRanges& ranges) {
    return blocks_.acknowledge(ranges, end_sent() ? std::optional(written_) : std::nullopt);
}

bool SendStream::complete() const {
    return end_sent() && blocks_.empty();
}

StreamPosition SendStream::unacknowledged() const {
    return std::min(blocks_.acknowledged(), written_);
}

void SendStream::release_memory() {
    if (releasable()) buffer_.release();
}

}  // namespace curvecp::messagehandler
