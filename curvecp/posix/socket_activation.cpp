#include "curvecp/posix/socket_activation.hpp"

#include "curvecp/posix/socket_address.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kFirst = 3;          // the interface's
constexpr long kMostSockets = 64;  // ours, a server has a few

bool is_udp(int fd) noexcept {
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

bool is_bound_to(int fd, const Address& wanted) noexcept {
    SocketAddress raw;
    if (getsockname(fd, &raw.generic, &raw.size) != 0) return false;
    const Address bound = raw.address();
    return bound.ip.bytes == wanted.ip.bytes && bound.port != 0 &&
           (wanted.port == 0 || wanted.port == bound.port);
}

}  // namespace

int inherited_sockets() {
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    if (pid == nullptr || count == nullptr || pid != std::to_string(getpid())) return 0;
    return static_cast<int>(std::clamp(std::strtol(count, nullptr, 10), 0L, kMostSockets));
}

Fd inherited_udp_socket(const Address& address) {
    const int end = kFirst + inherited_sockets();
    for (int fd = kFirst; fd < end; ++fd) {
        if (is_udp(fd) && is_bound_to(fd, address)) return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    }
    return {};
}

}  // namespace curvecp
