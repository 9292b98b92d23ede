// The client's message handler: its process, and the two pipes that are its descriptors 8 and 9.
// Specification: the handler interface.
#pragma once

#include "curvecp/core/frame.hpp"
#include "curvecp/posix/event_loop.hpp"
#include "curvecp/posix/pipe.hpp"

#include <optional>
#include <string>

namespace curvecp::client {

class HandlerProcess {
  public:
    explicit HandlerProcess(EventLoop& loop) : loop_(loop) {}

    // Calls `on_readable` when the handler has written, or ended its output. An errno value, and
    // nothing started, where the system refuses; else 0.
    [[nodiscard]] int start(std::span<const std::string> arguments,
                            std::span<const std::string> environment,
                            IoWatcher::Callback on_readable);

    // Writes frames; what a full pipe does not take is dropped.
    void write(std::span<const Bytes> frames);

    // Reads what the handler has written; then call next() until it needs more. False at the end
    // of the handler's output.
    [[nodiscard]] bool read();
    [[nodiscard]] FrameReader::Next next() { return reader_.next(); }

    // Closes both pipes: the handler is on its own.
    void close() noexcept;

    // -1 before start().
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    // Our ends are still there.
    [[nodiscard]] bool open() const noexcept { return from_handler_.get() >= 0; }
    [[nodiscard]] std::uint64_t dropped_frames() const noexcept { return writer_.dropped_frames(); }

  private:
    void enlarge(int fd, bool& enlarged) noexcept;

    EventLoop& loop_;
    pid_t pid_ = -1;
    PipeWriter writer_;
    Fd from_handler_;
    FrameReader reader_;
    std::vector<std::uint8_t> buffer_;
    PipeBudget budget_{2};  // both pipes
    bool to_handler_enlarged_ = false;
    bool from_handler_enlarged_ = false;
    std::optional<IoWatcher> readable_;
    std::optional<IoWatcher> writable_;  // made when a frame was cut for the first time
};

}  // namespace curvecp::client
