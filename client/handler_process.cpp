#include "client/handler_process.hpp"

#include "curvecp/posix/child_process.hpp"

#include <cerrno>

#include <unistd.h>

namespace curvecp::client {
namespace {

constexpr int kToHandler = 8;              // specification
constexpr int kFromHandler = 9;            // specification
constexpr std::size_t kReadSize = 65'536;  // ours, because a default pipe holds as much
// Ours, because who sends so many messages at once is not typing: a large pipe is worth its memory.
constexpr std::size_t kBulkFrames = 16;

}  // namespace

int HandlerProcess::start(std::span<const std::string> arguments,
                          std::span<const std::string> environment,
                          IoWatcher::Callback on_readable) {
    Pipe to_handler = make_pipe(Blocking::None);
    Pipe from_handler = make_pipe(Blocking::None);
    if (!to_handler.read || !from_handler.read) return errno;
    const std::array descriptors{DescriptorMapping{to_handler.read.get(), kToHandler},
                                 DescriptorMapping{from_handler.write.get(), kFromHandler}};
    const Started started = curvecp::start(
        {.arguments = arguments, .environment = environment, .descriptors = descriptors});
    if (!started) return started.error;
    pid_ = started.pid;
    writer_ = PipeWriter(std::move(to_handler.write));
    from_handler_ = std::move(from_handler.read);
    buffer_.resize(kReadSize + kMaxFrameSize);
    readable_.emplace(loop_, from_handler_.get(), Readiness::Readable, std::move(on_readable));
    return 0;
}

void HandlerProcess::write(std::span<const Bytes> frames) {
    if (writer_.fd() < 0) return;  // the handler has closed its input: its messages are lost
    if (frames.size() >= kBulkFrames) enlarge(writer_.fd(), to_handler_enlarged_);
    // A write that finds the pipe broken closes it: what watches it has to go first.
    const int fd = writer_.fd();
    if (writable_) writable_->stop();
    if (writer_.write(frames) == PipeWriter::Status::Closed) {
        writable_.reset();
    } else if (!writer_.has_rest()) {
        return;
    } else if (writable_) {
        writable_->start();
    } else {
        writable_.emplace(loop_, fd, Readiness::Writable, [this] { write({}); });
    }
}

bool HandlerProcess::read() {
    const MutableBytes room = reader_.prepare(buffer_);
    const ssize_t size = ::read(from_handler_.get(), room.data(), room.size());
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    const auto received = static_cast<std::size_t>(size);
    if (received >= kBulkFrames * kMaxFrameSize) {
        enlarge(from_handler_.get(), from_handler_enlarged_);
    }
    reader_.received(received);
    return size > 0;
}

void HandlerProcess::enlarge(int fd, bool& enlarged) noexcept {
    if (!enlarged) enlarged = budget_.enlarge(fd);
}

void HandlerProcess::close() noexcept {
    readable_.reset();
    writable_.reset();
    writer_.close();
    from_handler_.reset();
}

}  // namespace curvecp::client
