// Pipes to and from handlers and programs, and a writer that drops what does not fit.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "curvecp/posix/fd.hpp"

#include <vector>

struct iovec;

namespace curvecp {

struct Pipe {
    Fd read;
    Fd write;
};

// The two ends of a pipe are two open file descriptions: each blocks or does not on its own.
enum class Blocking { Both, WriteEnd, ReadEnd, None };

// Both ends close-on-exec; empty, with errno set, where the kernel gives none.
[[nodiscard]] Pipe make_pipe(Blocking blocking) noexcept;

// A write to a pipe that nobody reads is an EPIPE from here on, not a signal. Children get the
// default back.
void ignore_broken_pipes() noexcept;

// How many pipes may be large at the same time. The kernel counts the pipe memory of a user: once
// that is used up, every new pipe is tiny, so enlarged pipes are for bulk only.
class PipeBudget {
  public:
    static constexpr std::size_t kDefaultLimit = 16;  // ours, because an unprivileged user has 64

    explicit PipeBudget(std::size_t limit = kDefaultLimit) noexcept : left_(limit) {}

    // Makes the pipe 1 MiB large, or 256 KiB; false where the budget is used up or the kernel
    // refuses. Each pipe once; then shrink() or release() gives its share back.
    bool enlarge(int fd) noexcept;
    // Back to 64 KiB; false, and the pipe stays large, while more than that is in it.
    bool shrink(int fd) noexcept;
    // An enlarged pipe has been closed.
    void release() noexcept { ++left_; }
    [[nodiscard]] std::size_t left() const noexcept { return left_; }

  private:
    std::size_t left_;
};

// Writes frames (length byte and message) into a non-blocking pipe and never waits. A frame that
// the pipe takes only half of is finished before anything else is written; frames that do not fit
// are dropped. Small while nothing was cut: it can be kept for each connection.
class PipeWriter {
  public:
    enum class Status {
        Ok,      // all written
        Full,    // frames were dropped, or the rest of one is kept: see has_rest()
        Closed,  // nobody reads any more
    };

    PipeWriter() noexcept = default;
    // The write end; it must be non-blocking.
    explicit PipeWriter(Fd fd) noexcept : fd_(std::move(fd)) {}
    // Goes on with what another writer had left.
    PipeWriter(Fd fd, std::vector<std::uint8_t> rest, std::uint64_t dropped_frames) noexcept
        : rest_(std::move(rest)), dropped_(dropped_frames), fd_(std::move(fd)) {}

    // Whole frames of 1..kMaxFrameSize bytes, in one system call up to 64 of them.
    Status write(std::span<const Bytes> frames);
    // Writes the rest of a cut frame, for when the pipe is writable.
    Status finish() { return write({}); }
    [[nodiscard]] bool has_rest() const noexcept { return !rest_.empty(); }
    [[nodiscard]] Bytes rest() const noexcept { return rest_; }

    [[nodiscard]] std::uint64_t dropped_frames() const noexcept { return dropped_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    void close() noexcept;

  private:
    Status write_chunk(std::span<const Bytes> frames);
    void keep_unwritten(std::span<const Bytes> frames, std::size_t written);

    std::vector<std::uint8_t> rest_;
    std::uint64_t dropped_ = 0;
    Fd fd_;
};

}  // namespace curvecp
