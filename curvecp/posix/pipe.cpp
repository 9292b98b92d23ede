#include "curvecp/posix/pipe.hpp"

#include "curvecp/core/frame.hpp"

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kDefaultSize = 64 * 1024;  // Linux's
// Ours, because 1 MiB is the most for the unprivileged, and a quarter still takes a bulk batch.
constexpr std::array<int, 2> kLargeSizes{1024 * 1024, 256 * 1024};
constexpr std::size_t kChunk = 64;  // ours, because a default pipe takes 48 of the largest frames

iovec vector_of(Bytes bytes) noexcept {
    // writev() does not write into it.
    return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

Pipe make_pipe(Blocking blocking) noexcept {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return {};
    Pipe pipe{Fd(ends[0]), Fd(ends[1])};
    const bool read_blocks = blocking == Blocking::Both || blocking == Blocking::ReadEnd;
    const bool write_blocks = blocking == Blocking::Both || blocking == Blocking::WriteEnd;
    // They have no other flags.
    if (read_blocks && fcntl(pipe.read.get(), F_SETFL, 0) != 0) return {};
    if (write_blocks && fcntl(pipe.write.get(), F_SETFL, 0) != 0) return {};
    return pipe;
}

void ignore_broken_pipes() noexcept {
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
}

bool PipeBudget::enlarge(int fd) noexcept {
    if (left_ == 0) return false;
    for (const int size : kLargeSizes) {
        if (fcntl(fd, F_SETPIPE_SZ, size) >= 0) {
            --left_;
            return true;
        }
    }
    return false;
}

bool PipeBudget::shrink(int fd) noexcept {
    if (fcntl(fd, F_SETPIPE_SZ, kDefaultSize) < 0) return false;
    ++left_;
    return true;
}

PipeWriter::Status PipeWriter::write(std::span<const Bytes> frames) {
    if (!fd_) return Status::Closed;
    if (frames.empty() && !has_rest()) return Status::Ok;
    do {
        const auto chunk = frames.first(std::min(frames.size(), kChunk));
        frames = frames.subspan(chunk.size());
        const Status status = write_chunk(chunk);
        if (status == Status::Ok) continue;
        dropped_ += frames.size();
        return status;
    } while (!frames.empty());
    return Status::Ok;
}

PipeWriter::Status PipeWriter::write_chunk(std::span<const Bytes> frames) {
    std::array<iovec, kChunk + 1> vectors;
    std::size_t count = 0;
    std::size_t total = rest_.size();
    if (has_rest()) vectors[count++] = vector_of(rest_);
    for (const Bytes frame : frames) {
        vectors[count++] = vector_of(frame);
        total += frame.size();
    }
    ssize_t written = -1;
    do {
        written = writev(fd_.get(), vectors.data(), static_cast<int>(count));
    } while (written < 0 && errno == EINTR);
    if (written < 0 && errno != EAGAIN) {
        dropped_ += frames.size();
        close();
        return Status::Closed;
    }
    if (written == static_cast<ssize_t>(total)) {
        rest_.clear();
        return Status::Ok;
    }
    keep_unwritten(frames, written < 0 ? 0 : static_cast<std::size_t>(written));
    return Status::Full;
}

// Keeps what is missing of the frame that was cut and drops those behind it.
void PipeWriter::keep_unwritten(std::span<const Bytes> frames, std::size_t written) {
    if (written < rest_.size()) {
        rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(written));
        dropped_ += frames.size();
        return;
    }
    written -= rest_.size();
    rest_.clear();
    while (written >= frames.front().size()) {
        written -= frames.front().size();
        frames = frames.subspan(1);
    }
    if (written > 0) {
        const Bytes rest = frames.front().subspan(written);
        rest_.reserve(kMaxFrameSize);
        rest_.assign(rest.begin(), rest.end());
        frames = frames.subspan(1);
    }
    dropped_ += frames.size();
}

void PipeWriter::close() noexcept {
    fd_.reset();
    rest_.clear();
}

}  // namespace curvecp
