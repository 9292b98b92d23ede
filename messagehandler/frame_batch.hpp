// Messages for descriptor 9, as frames that are written many at a time.
#pragma once

#include "curvecp/core/frame.hpp"

#include <memory>

namespace curvecp::messagehandler {

class FrameBatch {
  public:
    enum class Status { Written, Full, Closed };

    FrameBatch();

    // Room for one more frame.
    [[nodiscard]] bool has_room() const { return kSize - end_ >= kMaxFrameSize; }
    // Where the next message goes; then add() its size.
    [[nodiscard]] MutableFixedBytes<kMaxMessageSize> room();
    void add(std::size_t message_size);

    [[nodiscard]] bool empty() const { return begin_ == end_; }
    // Full: the rest waits, and must be written before room() is used again. Closed: nobody reads.
    Status write(int fd);

  private:
    static constexpr std::size_t kSize =
        std::size_t{55} * kMaxFrameSize;  // ours: what one send takes, and fits into a pipe

    std::unique_ptr<std::uint8_t[]> memory_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace curvecp::messagehandler
