// A server's life as its surroundings see it: the signals that end it, at once or when its
// connections are over, the one that asks how it is, and what a service manager is told.
#pragma once

#include "daemon/notifier.hpp"
#include "daemon/server_loop.hpp"

namespace curvecp::daemon {

class Life {
  public:
    // `drain_timeout`: so long a first SIGTERM or SIGINT lets connections go on; zero ends them.
    Life(EventLoop& loop, ServerLoop& server, Log& log, Duration drain_timeout);

    // Takes no new connections, and stops when the old ones are over, or after the time-out where
    // there is one.
    void drain();
    [[nodiscard]] Notifier& notifier() noexcept { return notifier_; }
    void on_reloaded();
    // From here on the server is gone, and signals find nothing more to end.
    void on_stopped() noexcept { server_ = nullptr; }

  private:
    void on_end_signal();
    void stop();
    // Into the log, some rows a round.
    void begin_dump();
    void continue_dump();
    // Once a second at most.
    void tell_connections();

    EventLoop& loop_;
    ServerLoop* server_;
    Log& log_;
    Duration drain_timeout_;
    Notifier notifier_;
    std::optional<std::uint32_t> next_slot_;
    std::size_t connections_told_ = 0;
    TimePoint told_at_;
    Deadline end_of_drain_;
    Deadline next_rows_;
    Deadline next_status_;
    BeforeWait before_wait_;
    SignalWatcher on_term_;
    SignalWatcher on_int_;
    SignalWatcher on_quit_;
    SignalWatcher on_usr1_;
};

}  // namespace curvecp::daemon
