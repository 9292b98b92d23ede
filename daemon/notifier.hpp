// Tells a service manager how the server is, as sd_notify(3) does: a datagram to the Unix socket in
// the environment. Where there is none, nothing is told.
#pragma once

#include "curvecp/posix/event_loop.hpp"

#include <string>
#include <string_view>

namespace curvecp::daemon {

class Notifier {
  public:
    // Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. From then on the manager's watchdog is
    // kept quiet as long as the loop goes round.
    explicit Notifier(EventLoop& loop);

    [[nodiscard]] bool active() const noexcept { return static_cast<bool>(socket_); }
    void ready(std::string_view status) { send("READY=1\nSTATUS=" + std::string(status)); }
    void status(std::string_view status) { send("STATUS=" + std::string(status)); }
    // ready() follows.
    void reloading();
    void stopping() { send("STOPPING=1"); }

  private:
    void send(const std::string& message) noexcept;
    void feed_watchdog();

    std::string path_;
    Fd socket_;
    Duration watchdog_{};
    std::optional<Deadline> next_feed_;
};

}  // namespace curvecp::daemon
