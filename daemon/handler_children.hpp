// The handlers' processes, from their start until they were reaped. A connection ends before its
// handler's process does, and the processes must all be gone when the server is.
#pragma once

#include "curvecp/posix/event_loop.hpp"
#include "curvecp/posix/log.hpp"

#include <unordered_map>

namespace curvecp::daemon {

class HandlerChildren {
  public:
    // Throws StartError.
    HandlerChildren(EventLoop& loop, Log& log);

    void add(pid_t pid, std::uint64_t connection_number) { numbers_[pid] = connection_number; }

    // Gives the handlers time to leave after their pipes were closed, then SIGTERM, then SIGKILL;
    // returns when all are gone, or nothing more can be done.
    void end_all();

  private:
    void on_exit(pid_t pid, int wait_status);
    // True where all are gone by then.
    bool wait_until(TimePoint deadline);
    void signal_all(int signal) const noexcept;

    EventLoop& loop_;
    Log& log_;
    std::unordered_map<pid_t, std::uint64_t> numbers_;
    Deadline wake_;
    ChildReaper reaper_;
};

}  // namespace curvecp::daemon
