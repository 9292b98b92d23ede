#include "curvecp/posix/line_input.hpp"

#include <cerrno>

#include <unistd.h>

namespace curvecp {

LineInput::State LineInput::read(int fd) noexcept {
    const ssize_t size = ::read(fd, bytes_.data() + size_, bytes_.size() - size_);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return State::Waiting;
    if (size <= 0) return State::End;
    size_ += static_cast<std::size_t>(size);
    const auto end = line().find('\n');
    if (end != std::string_view::npos) {
        size_ = end;
        return State::Line;
    }
    return size_ == bytes_.size() ? State::TooLong : State::Waiting;
}

}  // namespace curvecp
