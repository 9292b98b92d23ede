#include "messagehandler/ring_buffer.hpp"

#include <bit>
#include <utility>

namespace curvecp::messagehandler {

namespace {

constexpr std::size_t kFirstCapacity = 4096;  // ours, because most connections say little

}  // namespace

void RingBuffer::reserve(Range window, Range kept) {
    if (window.size() <= capacity_) return;
    RingBuffer larger;
    larger.capacity_ = std::bit_ceil(std::max<std::size_t>(window.size(), kFirstCapacity));
    larger.memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(larger.capacity_);
    while (!kept.empty()) {
        const Bytes bytes = std::as_const(*this).piece(kept);
        larger.write(kept.begin, bytes);
        kept.begin = kept.begin + bytes.size();
    }
    *this = std::move(larger);
}

void RingBuffer::release() {
    *this = RingBuffer();
}

void RingBuffer::write(StreamPosition position, Bytes bytes) {
    while (!bytes.empty()) {
        const MutableBytes place = piece({position, position + bytes.size()});
        std::copy_n(bytes.begin(), place.size(), place.begin());
        bytes = bytes.subspan(place.size());
        position = position + place.size();
    }
}

void RingBuffer::read(StreamPosition position, MutableBytes bytes) const {
    while (!bytes.empty()) {
        const Bytes source = piece({position, position + bytes.size()});
        std::copy(source.begin(), source.end(), bytes.begin());
        bytes = bytes.subspan(source.size());
        position = position + source.size();
    }
}

MutableBytes RingBuffer::piece_in(std::uint8_t* memory, Range range) const {
    if (range.empty()) return {};
    const std::size_t offset = range.begin.value & (capacity_ - 1);
    return MutableBytes(memory, capacity_)
        .subspan(offset, std::min<std::size_t>(range.size(), capacity_ - offset));
}

Bytes RingBuffer::piece(Range range) const {
    return piece_in(memory_.get(), range);
}
MutableBytes RingBuffer::piece(Range range) {
    return piece_in(memory_.get(), range);
}

}  // namespace curvecp::messagehandler
