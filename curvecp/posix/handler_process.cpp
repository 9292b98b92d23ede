#include "curvecp/posix/handler_process.hpp"

#include <cerrno>
#include <utility>

#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kToHandler = 8;    // specification
constexpr int kFromHandler = 9;  // specification
// Ours, because who has sent so many packets at once is not typing: the handler's pipes
// are worth enlarging.
constexpr std::size_t kBulkBatch = 16;
constexpr std::size_t kBulkRead = kBulkBatch * kMaxFrameSize;

}  // namespace

HandlerProcess::Pipes HandlerProcess::start(const Launch& launch) {
    Pipe to_handler = make_pipe(Blocking::None);
    Pipe from_handler = make_pipe(Blocking::None);
    if (!to_handler.read || !from_handler.read) {
        return {.pid = -1, .to_handler = Fd(), .from_handler = Fd(), .error = errno};
    }
    const std::array descriptors{DescriptorMapping{to_handler.read.get(), kToHandler},
                                 DescriptorMapping{from_handler.write.get(), kFromHandler}};
    const Started started = launch(descriptors);
    return {.pid = started.pid,
            .to_handler = std::move(to_handler.write),
            .from_handler = std::move(from_handler.read),
            .error = started.error,
            .step = started.step};
}

HandlerProcess::Pipes HandlerProcess::start(std::span<const std::string> arguments,
                                            std::span<const std::string> environment) {
    return start([&](std::span<const DescriptorMapping> descriptors) {
        return curvecp::start(
            {.arguments = arguments, .environment = environment, .descriptors = descriptors});
    });
}

HandlerProcess::HandlerProcess(Pipes pipes, EventLoop& loop, PipeBudget& budget,
                               const IoWatcher::Callback& on_readable)
    : HandlerProcess(std::move(pipes), Progress(), loop, budget, on_readable) {}

HandlerProcess::HandlerProcess(Pipes pipes, Progress progress, EventLoop& loop, PipeBudget& budget,
                               const IoWatcher::Callback& on_readable)
    : loop_(loop),
      budget_(budget),
      pid_(pipes.pid),
      writer_(std::move(pipes.to_handler), std::move(progress.unwritten), progress.dropped_frames),
      from_handler_(std::move(pipes.from_handler)),
      reader_(std::move(progress.unread)),
      readable_(loop, from_handler_.get(), Readiness::Readable, on_readable, on_readable) {
    if (progress.to_handler_enlarged) enlarge(writer_.fd(), to_handler_enlarged_);
    if (progress.from_handler_enlarged) enlarge(from_handler_.get(), from_handler_enlarged_);
    if (writer_.has_rest()) await_room();
}

HandlerProcess::Progress HandlerProcess::progress() const {
    const Bytes unread = reader_.incomplete();
    const Bytes unwritten = writer_.rest();
    return {.unread = {unread.begin(), unread.end()},
            .unwritten = {unwritten.begin(), unwritten.end()},
            .dropped_frames = writer_.dropped_frames(),
            .to_handler_enlarged = to_handler_enlarged_,
            .from_handler_enlarged = from_handler_enlarged_};
}

HandlerProcess::~HandlerProcess() {
    if (to_handler_enlarged_) budget_.release();
    if (from_handler_enlarged_) budget_.release();
}

bool HandlerProcess::queue(Bytes frame) {
    batch_.push_back(frame);
    if (batch_.size() == kBatch) write_batch();
    return !std::exchange(queued_, true);
}

void HandlerProcess::flush() {
    queued_ = false;
    if (!batch_.empty()) write_batch();
}

void HandlerProcess::write_batch() {
    if (batch_.size() >= kBulkBatch) enlarge(writer_.fd(), to_handler_enlarged_);
    write(batch_);
    batch_.clear();
}

void HandlerProcess::write(std::span<const Bytes> frames) {
    if (writer_.fd() < 0) return;  // the handler has closed its input: its messages are lost
    const PipeWriter::Status status = writer_.write(frames);
    if (status == PipeWriter::Status::Closed) {
        if (writable_) writable_->stop();
        writer_.close();
        return;
    }
    if (!writer_.has_rest()) {
        if (writable_) writable_->stop();
    } else {
        await_room();
    }
}

void HandlerProcess::await_room() {
    if (writable_) return writable_->start();
    writable_.emplace(
        loop_, writer_.fd(), Readiness::Writable, [this] { write({}); },
        [this] { writer_.close(); });
}

bool HandlerProcess::read(MutableBytes buffer) {
    const MutableBytes room = reader_.prepare(buffer);
    const ssize_t size = ::read(from_handler_.get(), room.data(), room.size());
    if (size > 0) {
        reader_.received(static_cast<std::size_t>(size));
        if (static_cast<std::size_t>(size) >= kBulkRead) {
            enlarge(from_handler_.get(), from_handler_enlarged_);
        }
    }
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

void HandlerProcess::enlarge(int fd, bool& enlarged) noexcept {
    if (!enlarged && fd >= 0) enlarged = budget_.enlarge(fd);
}

}  // namespace curvecp
