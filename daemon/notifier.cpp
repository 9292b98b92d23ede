#include "daemon/notifier.hpp"

#include "curvecp/posix/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace curvecp::daemon {
namespace {

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Half the time that the manager waits; zero where it does not watch this process.
Duration watchdog_interval() {
    const std::string pid = variable("WATCHDOG_PID");
    if (!pid.empty() && pid != std::to_string(getpid())) return {};
    const std::string microseconds = variable("WATCHDOG_USEC");
    return std::chrono::microseconds(std::strtoll(microseconds.c_str(), nullptr, 10)) / 2;
}

}  // namespace

Notifier::Notifier(EventLoop& loop) : path_(variable("NOTIFY_SOCKET")) {
    if (path_.empty() || path_.size() >= sizeof(sockaddr_un::sun_path)) return;
    if (path_[0] == '@') path_[0] = '\0';  // the abstract name space
    socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    watchdog_ = watchdog_interval();
    if (!socket_ || watchdog_ <= Duration(0)) return;
    next_feed_.emplace(loop, [this] { feed_watchdog(); });
    feed_watchdog();
}

void Notifier::reloading() {
    const auto time =
        std::chrono::duration_cast<std::chrono::microseconds>(now().time_since_epoch());
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(time.count()));
}

void Notifier::feed_watchdog() {
    send("WATCHDOG=1");
    next_feed_->set(now() + watchdog_);
}

// A manager that does not listen is no reason to wait or to fail.
void Notifier::send(const std::string& message) noexcept {
    if (!socket_) return;
    union {
        sockaddr generic;
        sockaddr_un path;
    } address{.path = {}};
    address.path.sun_family = AF_UNIX;
    std::copy(path_.begin(), path_.end(), std::begin(address.path.sun_path));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
    static_cast<void>(sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                             &address.generic, size));
}

}  // namespace curvecp::daemon
