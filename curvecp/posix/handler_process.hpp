// One message handler: its process, and the two pipes that are its descriptors 8 and 9.
// Specification: the handler interface.
#pragma once

#include "curvecp/core/frame.hpp"
#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/event_loop.hpp"
#include "curvecp/posix/pipe.hpp"

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace curvecp {

class HandlerProcess {
  public:
    // Our ends of a running handler's pipes, or why there is none.
    struct Pipes {
        pid_t pid = -1;
        Fd to_handler;
        Fd from_handler;
        int error = 0;
        StartStep step = StartStep::Program;  // that failed
    };
    // Starts a process with these descriptors.
    using Launch = std::function<Started(std::span<const DescriptorMapping>)>;
    [[nodiscard]] static Pipes start(const Launch& launch);
    [[nodiscard]] static Pipes start(std::span<const std::string> arguments,
                                     std::span<const std::string> environment);

    // What there is beside the pipes, for whoever goes on with them.
    struct Progress {
        std::vector<std::uint8_t> unread;     // a frame that the handler has written half of
        std::vector<std::uint8_t> unwritten;  // the rest of a frame that it was written half of
        std::uint64_t dropped_frames = 0;
        bool to_handler_enlarged = false;
        bool from_handler_enlarged = false;
    };

    // Calls `on_readable` when the handler has written, or ended, or cannot be watched.
    HandlerProcess(Pipes pipes, EventLoop& loop, PipeBudget& budget,
                   const IoWatcher::Callback& on_readable);
    HandlerProcess(Pipes pipes, Progress progress, EventLoop& loop, PipeBudget& budget,
                   const IoWatcher::Callback& on_readable);
    HandlerProcess(const HandlerProcess&) = delete;
    HandlerProcess& operator=(const HandlerProcess&) = delete;
    ~HandlerProcess();

    // Ours, because one send or receive takes 55 of the largest packets: what is read is one send,
    // and the handler has one run of packets to deal with while the next is opened.
    static constexpr std::size_t kBatch = 55;

    // Collects a frame, whose bytes must stay until flush(). True for the first since that.
    bool queue(Bytes frame);
    // Writes what has been collected; what a full pipe does not take is dropped. A batch that is
    // full has been written before.
    void flush();

    static constexpr std::size_t kReadBufferSize = kBatch * kMaxFrameSize;
    // Reads what the handler has written into a buffer of that size, which is needed only until the
    // last next(): call next() until it needs more. False at the end of the handler's output.
    [[nodiscard]] bool read(MutableBytes buffer);
    [[nodiscard]] FrameReader::Next next() { return reader_.next(); }
    // False where the kernel refused: nothing would tell of what the handler writes.
    [[nodiscard]] bool watched() const noexcept { return readable_.active(); }
    static constexpr std::string_view kUnwatched =
        "the kernel does not watch the handler: no memory, or too many watches";

    // Between flush() and queue(), and where nothing that was read waits for next().
    [[nodiscard]] Progress progress() const;
    // -1 where the handler has closed its input.
    [[nodiscard]] int to_handler() const noexcept { return writer_.fd(); }
    [[nodiscard]] int from_handler() const noexcept { return from_handler_.get(); }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] std::uint64_t dropped_frames() const noexcept { return writer_.dropped_frames(); }

  private:
    void enlarge(int fd, bool& enlarged) noexcept;
    void write_batch();
    void write(std::span<const Bytes> frames);
    void await_room();

    EventLoop& loop_;
    PipeBudget& budget_;
    pid_t pid_;
    PipeWriter writer_;
    Fd from_handler_;
    FrameReader reader_;
    std::vector<Bytes> batch_;
    bool queued_ = false;  // something since flush()
    IoWatcher readable_;
    std::optional<IoWatcher> writable_;  // made when a frame was cut for the first time
    bool to_handler_enlarged_ = false;
    bool from_handler_enlarged_ = false;
};

}  // namespace curvecp
