#include "messagehandler/frame_batch.hpp"

#include <cerrno>

#include <unistd.h>

namespace curvecp::messagehandler {

FrameBatch::FrameBatch() : memory_(std::make_unique_for_overwrite<std::uint8_t[]>(kSize)) {}

MutableFixedBytes<kMaxMessageSize> FrameBatch::room() {
    return MutableBytes(memory_.get(), kSize).subspan(end_ + 1).first<kMaxMessageSize>();
}

void FrameBatch::add(std::size_t message_size) {
    memory_[end_] = frame_length_byte(message_size);
    end_ += 1 + message_size;
}

FrameBatch::Status FrameBatch::write(int fd) {
    while (!empty()) {
        const ssize_t size = ::write(fd, &memory_[begin_], end_ - begin_);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno == EAGAIN ? Status::Full : Status::Closed;
        begin_ += static_cast<std::size_t>(size);
    }
    begin_ = end_ = 0;
    return Status::Written;
}

}  // namespace curvecp::messagehandler
