// A bounded queue of datagrams, copied, each with the way that it came by.
#pragma once

#include "curvecp/core/address.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace curvecp::daemon {

class DatagramQueue {
  public:
    // At most `capacity` datagrams (1 or more), of at most `max_size` bytes each. Memory that was
    // never needed is never touched.
    DatagramQueue(std::size_t capacity, std::size_t max_size);

    struct Waiting {
        Path path;
        MutableBytes datagram;
    };

    // False, and nothing kept, where the queue is full.
    [[nodiscard]] bool push(const Path& path, Bytes datagram) noexcept;
    // The oldest; its bytes live until the next push().
    [[nodiscard]] std::optional<Waiting> pop() noexcept;
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  private:
    struct Slot {
        Path path;
        std::size_t size;
    };

    std::size_t max_size_;
    std::unique_ptr<std::uint8_t[]> memory_;
    std::vector<Slot> slots_;
    std::size_t oldest_ = 0;
    std::size_t size_ = 0;
};

}  // namespace curvecp::daemon
