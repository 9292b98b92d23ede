#include "messagehandler/byte_channel.hpp"

#include <cerrno>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace curvecp::messagehandler {

namespace {

// Ours: what is writable takes this much without waiting; a pipe takes more, a terminal does not.
constexpr std::size_t kPolledSize = 256;

ByteChannel::Result result_of(ssize_t size) {
    using Status = ByteChannel::Status;
    if (size > 0) return {Status::Ok, static_cast<std::size_t>(size)};
    if (size == 0) return {Status::Closed};
    if (errno == EAGAIN || errno == EINTR) return {Status::WouldWait};
    return {errno == EPIPE || errno == ECONNRESET ? Status::Closed : Status::Failed};
}

}  // namespace

ByteChannel::ByteChannel(Fd pipe) : owned_(std::move(pipe)) {}

ByteChannel ByteChannel::standard_input() {
    return {STDIN_FILENO, O_RDONLY};
}
ByteChannel ByteChannel::standard_output() {
    return {STDOUT_FILENO, O_WRONLY};
}

// A pipe or a terminal can be opened a second time, for an open file description of our own that
// does not block.
ByteChannel::ByteChannel(int standard, int open_flags)
    : standard_(standard), output_(open_flags == O_WRONLY), kind_(Kind::Polled) {
    struct stat status {};
    if (fstat(standard, &status) != 0) return;
    if (S_ISREG(status.st_mode)) kind_ = Kind::File;
    if (S_ISSOCK(status.st_mode)) kind_ = Kind::Socket;
    if (!S_ISFIFO(status.st_mode) && isatty(standard) == 0) return;
    const std::string path = "/proc/self/fd/" + std::to_string(standard);
    owned_.reset(::open(path.c_str(), open_flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (owned_) kind_ = Kind::NonBlocking;
}

ByteChannel::Result ByteChannel::read(MutableBytes bytes) {
    if (kind_ == Kind::Socket)
        return result_of(recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT));
    if (would_wait(POLLIN)) return {Status::WouldWait};
    return result_of(::read(own_fd(), bytes.data(), bytes.size()));
}

ByteChannel::Result ByteChannel::write(Bytes bytes) {
    if (kind_ == Kind::Socket) {
        return result_of(send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    if (would_wait(POLLOUT)) return {Status::WouldWait};
    if (kind_ == Kind::Polled) bytes = bytes.first(std::min(bytes.size(), kPolledSize));
    return result_of(::write(own_fd(), bytes.data(), bytes.size()));
}

bool ByteChannel::would_wait(short events) const {
    if (kind_ != Kind::Polled) return false;
    pollfd ready{fd(), events, 0};
    return poll(&ready, 1, 0) <= 0;
}

void ByteChannel::close() {
    owned_.reset();
    if (standard_ < 0) return;
    if (kind_ == Kind::Socket && output_) shutdown(standard_, SHUT_WR);
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    dup2(null.get(), standard_);
    standard_ = -1;
}

}  // namespace curvecp::messagehandler
