// The handlers' processes, from their start until they were reaped. A connection ends before its
// handler's process does, and the processes must all be gone when the server is.
#pragma once

#include "daemon/handover.hpp"
#include "daemon/reporter.hpp"

#include <unordered_map>
#include <vector>

namespace curvecp::daemon {

class HandlerChildren {
  public:
    // Throws StartError.
    HandlerChildren(EventLoop& loop, Reporter& reporter);

    void add(pid_t pid, ConnectionId connection, std::uint64_t number);
    // The connection of a handler has ended; its process will, too.
    void on_connection_end(pid_t pid, const Carried& carried) { ended_[pid] = carried; }

    // Asked where a process ends before its connection: passes on what the process has left behind,
    // which may end the connection, and says what was carried.
    using LastLook = std::function<Carried(ConnectionId)>;
    void set_last_look(LastLook last_look) { last_look_ = std::move(last_look); }

    // Told of children that are no handlers.
    using Other = ChildReaper::Callback;
    void set_other(Other other) { other_ = std::move(other); }

    // Those whose connections have ended, for the program that takes this one's place.
    [[nodiscard]] std::vector<LeavingHandler> leaving() const;
    void add(const LeavingHandler& leaving);
    // Ends a handler whose connection was ended by the server, and all that is in its process
    // group: SIGTERM now, SIGKILL after a grace.
    void terminate(pid_t pid);

    // Gives the handlers time to leave after their pipes were closed, then SIGTERM, then SIGKILL;
    // returns when all are gone, or nothing more can be done.
    void end_all();

  private:
    struct Child {
        std::uint64_t number = 0;
        ConnectionId connection;
    };

    void on_exit(pid_t pid, int wait_status);
    [[nodiscard]] Carried carried_by(pid_t pid, ConnectionId connection);
    // True where all are gone by then.
    bool wait_until(TimePoint deadline);
    void kill_late();
    void signal_all(int signal) const noexcept;

    EventLoop& loop_;
    Reporter& reporter_;
    std::unordered_map<pid_t, Child> children_;
    std::unordered_map<pid_t, Carried> ended_;  // whose process is still there
    LastLook last_look_;
    Other other_;
    struct Terminating {
        pid_t group;
        TimePoint kill_at;
    };
    std::vector<Terminating> terminating_;  // the earliest first
    Deadline next_kill_;
    Deadline wake_;
    ChildReaper reaper_;
};

}  // namespace curvecp::daemon
