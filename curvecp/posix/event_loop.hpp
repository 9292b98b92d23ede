// The event loop and its watchers: libev with owners. A watcher watches from its construction to
// its destruction, does not move, and must not outlive its loop or its descriptor. A callback may
// destroy other watchers, and as its last act its own.
#pragma once

#include "curvecp/core/time.hpp"
#include "curvecp/posix/fd.hpp"

#include <functional>
#include <memory>
#include <string>

#include <sys/types.h>

struct ev_loop;
struct ev_io;
struct ev_signal;
struct ev_prepare;

namespace curvecp {

class EventLoop {
  public:
    // Throws StartError.
    EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    // Runs callbacks until stop() is called or nothing is watched. Throws the StartError of a
    // fail().
    void run();
    // One round: waits for the first event, runs the callbacks that are due, returns.
    void run_once();
    // Runs the callbacks that are due now, without waiting; also inside a callback.
    void poll();
    // run() returns after the callbacks that are due now.
    void stop() noexcept;
    [[nodiscard]] bool stopping() const noexcept { return stopping_; }
    // What cannot be gone on without is missing: stop(), and run() throws this.
    void fail(std::string what);

    [[nodiscard]] struct ev_loop* raw() const noexcept { return loop_; }

  private:
    struct ev_loop* loop_;
    std::string failure_;
    bool stopping_ = false;
};

enum class Readiness { Readable, Writable };

// Runs while the descriptor is ready. End of file and errors count as ready. Where the kernel does
// not watch it (no memory, too many watches), the watcher stops and runs `on_refused`; without one
// the loop fails.
class IoWatcher {
  public:
    using Callback = std::function<void()>;

    IoWatcher(EventLoop& loop, int fd, Readiness readiness, Callback callback,
              Callback on_refused = nullptr);
    IoWatcher(const IoWatcher&) = delete;
    IoWatcher& operator=(const IoWatcher&) = delete;
    ~IoWatcher();

    // Stopped, it costs nothing; both may be called at any time, and twice.
    void start() noexcept;
    void stop() noexcept;
    [[nodiscard]] bool active() const noexcept;

  private:
    static void on_event(struct ev_loop* loop, ev_io* watcher, int events);

    EventLoop& loop_;
    Callback callback_;
    Callback on_refused_;
    std::unique_ptr<ev_io> watcher_;
};

// Runs once at or a little after a point in time, to the microsecond (libev's own timers are whole
// milliseconds). To set it later, or off, costs no system call.
class Deadline {
  public:
    using Callback = std::function<void()>;

    // Throws StartError.
    Deadline(EventLoop& loop, Callback callback);

    // Replaces what was set; nullopt is never, and a point in the past is at once.
    void set(std::optional<TimePoint> due) noexcept;
    [[nodiscard]] std::optional<TimePoint> due() const noexcept { return due_; }
    // How often the kernel's timer was set, for tests and measurements.
    [[nodiscard]] std::uint64_t system_calls() const noexcept { return system_calls_; }

  private:
    void on_timer();
    void arm(TimePoint at) noexcept;

    Callback callback_;
    Fd timer_;
    IoWatcher watcher_;
    std::optional<TimePoint> due_;
    std::optional<TimePoint> armed_;
    std::uint64_t system_calls_ = 0;
};

// Runs in the loop, not in the signal's context. The signal is unblocked, and back to its default
// when the watcher is gone. One loop of a process watches a signal at a time.
class SignalWatcher {
  public:
    using Callback = std::function<void()>;

    SignalWatcher(EventLoop& loop, int signal, Callback callback);
    SignalWatcher(const SignalWatcher&) = delete;
    SignalWatcher& operator=(const SignalWatcher&) = delete;
    ~SignalWatcher();

  private:
    EventLoop& loop_;
    Callback callback_;
    std::unique_ptr<ev_signal> watcher_;
};

// Reaps every child of the process that has ended, also those that ended before it was made (in
// the first round of the loop), and tells of each.
class ChildReaper {
  public:
    using Callback = std::function<void(pid_t pid, int wait_status)>;

    ChildReaper(EventLoop& loop, Callback callback);

    // What SIGCHLD does; for a last look before the loop ends.
    void reap();

  private:
    Callback callback_;
    SignalWatcher signal_;
};

// Runs once a round, before the loop waits: the place to send what a round has collected.
class BeforeWait {
  public:
    using Callback = std::function<void()>;

    BeforeWait(EventLoop& loop, Callback callback);
    BeforeWait(const BeforeWait&) = delete;
    BeforeWait& operator=(const BeforeWait&) = delete;
    ~BeforeWait();

  private:
    EventLoop& loop_;
    Callback callback_;
    std::unique_ptr<ev_prepare> watcher_;
};

}  // namespace curvecp
