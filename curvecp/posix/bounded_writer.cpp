#include "curvecp/posix/bounded_writer.hpp"

#include <cerrno>
#include <new>

#include <unistd.h>

namespace curvecp {

BoundedWriter::BoundedWriter(EventLoop& loop, int fd, std::size_t capacity, Callback on_change)
    : fd_(fd),
      capacity_(capacity),
      on_change_(std::move(on_change)),
      writable_(
          loop, fd, Readiness::Writable, [this] { on_writable(); },
          [this] {
              broken_ = true;
              on_change_();
          }) {
    writable_.stop();
}

bool BoundedWriter::write(std::string_view text) {
    if (broken_ || buffer_.size() - written_ + text.size() > capacity_) return false;
    buffer_.erase(0, written_);
    written_ = 0;
    try {
        buffer_ += text;
    } catch (const std::bad_alloc&) {
        return false;
    }
    flush();
    if (broken_ || !empty()) writable_.start();  // from the loop the owner may drop this
    return true;
}

void BoundedWriter::flush() noexcept {
    while (!empty()) {
        const ssize_t size = ::write(fd_, buffer_.data() + written_, buffer_.size() - written_);
        if (size > 0) {
            written_ += static_cast<std::size_t>(size);
        } else if (errno != EINTR) {
            broken_ = errno != EAGAIN;
            return;
        }
    }
}

void BoundedWriter::on_writable() {
    if (!broken_) flush();
    if (!broken_ && !empty()) return;
    writable_.stop();
    on_change_();
}

}  // namespace curvecp
