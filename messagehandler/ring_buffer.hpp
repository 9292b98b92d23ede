// The bytes of a window of a stream, each in the place that its position gives it.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "messagehandler/position.hpp"

#include <memory>

namespace curvecp::messagehandler {

class RingBuffer {
  public:
    // Makes place for the bytes of `window`; those of `kept`, a part of it, stay. Grows by doubling
    // and allocates nothing before it must.
    void reserve(Range window, Range kept);
    // Gives the memory back; all bytes are forgotten.
    void release();

    // The range must have been reserved.
    void write(StreamPosition position, Bytes bytes);
    void read(StreamPosition position, MutableBytes bytes) const;
    // The bytes from range.begin that lie in one piece.
    [[nodiscard]] Bytes piece(Range range) const;
    [[nodiscard]] MutableBytes piece(Range range);

    [[nodiscard]] std::size_t capacity() const { return capacity_; }

  private:
    [[nodiscard]] MutableBytes piece_in(std::uint8_t* memory, Range range) const;

    std::unique_ptr<std::uint8_t[]> memory_;
    std::size_t capacity_ = 0;  // 0 or a power of two
};

}  // namespace curvecp::messagehandler
