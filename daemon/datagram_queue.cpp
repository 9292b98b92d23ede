#include "daemon/datagram_queue.hpp"

#include <algorithm>
#include <cassert>

namespace curvecp::daemon {

DatagramQueue::DatagramQueue(std::size_t capacity, std::size_t max_size)
    : max_size_(max_size),
      memory_(std::make_unique_for_overwrite<std::uint8_t[]>(capacity * max_size)),
      slots_(capacity) {}

bool DatagramQueue::push(const Path& path, Bytes datagram) noexcept {
    assert(datagram.size() <= max_size_);
    if (size_ == slots_.size()) return false;
    if (size_ == 0) oldest_ = 0;  // few at a time touch little memory
    const std::size_t slot = (oldest_ + size_) % slots_.size();
    slots_[slot] = {path, datagram.size()};
    std::copy(datagram.begin(), datagram.end(), memory_.get() + slot * max_size_);
    ++size_;
    return true;
}

std::optional<DatagramQueue::Waiting> DatagramQueue::pop() noexcept {
    if (size_ == 0) return std::nullopt;
    const std::size_t slot = oldest_;
    oldest_ = (oldest_ + 1) % slots_.size();
    --size_;
    return Waiting{slots_[slot].path, {memory_.get() + slot * max_size_, slots_[slot].size}};
}

}  // namespace curvecp::daemon
