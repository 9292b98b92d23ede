// Text for a reader who may be slow: a bounded buffer in front of a non-blocking descriptor. What
// finds no room in it is the caller's to drop; nothing ever waits.
#pragma once

#include "curvecp/posix/event_loop.hpp"

#include <string>
#include <string_view>

namespace curvecp {

class BoundedWriter {
  public:
    using Callback = std::function<void()>;

    // Writes to `fd`, which must outlive this. `on_change` is called from the loop when all that
    // was buffered has been written, and when the reader is gone; it may destroy this.
    BoundedWriter(EventLoop& loop, int fd, std::size_t capacity, Callback on_change);

    // Takes all of the text or, where there is no room, nothing: false.
    [[nodiscard]] bool write(std::string_view text);
    // The reader is gone, or cannot be watched: nothing more will get there.
    [[nodiscard]] bool broken() const noexcept { return broken_; }
    [[nodiscard]] bool empty() const noexcept { return written_ == buffer_.size(); }

  private:
    void on_writable();
    void flush() noexcept;

    int fd_;
    std::size_t capacity_;
    Callback on_change_;
    std::string buffer_;
    std::size_t written_ = 0;
    bool broken_ = false;
    IoWatcher writable_;
};

}  // namespace curvecp
