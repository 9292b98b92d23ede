#include "curvecp/posix/unix_socket.hpp"

#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kBacklog = 16;
// Ours, because a listener without a free descriptor would be ready for ever.
constexpr Duration kPauseWithoutDescriptors = std::chrono::seconds(1);
constexpr mode_t kNotTheOwners = 0177;

// sockaddr_un and sockaddr share memory: connect() and bind() want the latter.
union UnixAddress {
    sockaddr generic;
    sockaddr_un path;
};

UnixAddress address_of(const std::string& path) {
    UnixAddress address{.path = {}};
    address.path.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.path.sun_path) {
        throw StartError("socket " + path + ": the path is empty or too long");
    }
    std::copy(path.begin(), path.end(), std::begin(address.path.sun_path));
    return address;
}

Fd make_unix_socket(int flags) {
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (!fd) throw StartError("cannot use Unix sockets", errno);
    return fd;
}

bool is_listened_at(const UnixAddress& address) {
    const Fd probe = make_unix_socket(SOCK_NONBLOCK);
    return ::connect(probe.get(), &address.generic, sizeof address.path) == 0 || errno == EAGAIN;
}

// A file that is no socket is left alone: bind() will say so.
void remove_left_over(const std::string& path, const UnixAddress& address) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
    if (is_listened_at(address)) throw StartError("socket " + path + ": somebody listens there");
    unlink(path.c_str());
}

Fd listen_at(const std::string& path) {
    const UnixAddress address = address_of(path);
    remove_left_over(path, address);
    Fd fd = make_unix_socket(SOCK_NONBLOCK);
    // Nobody else may connect, not even for a moment.
    const mode_t before = umask(kNotTheOwners);
    const int bound = ::bind(fd.get(), &address.generic, sizeof address.path);
    const int error = errno;
    umask(before);
    if (bound != 0) throw StartError("socket " + path, error);
    if (listen(fd.get(), kBacklog) != 0) throw StartError("socket " + path, errno);
    return fd;
}

}  // namespace

Fd try_connect_unix(const std::string& path) noexcept {
    UnixAddress address{.path = {}};
    address.path.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.path.sun_path) return {};
    std::copy(path.begin(), path.end(), std::begin(address.path.sun_path));
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd || ::connect(fd.get(), &address.generic, sizeof address.path) != 0) return {};
    return fd;
}

Fd connect_unix(const std::string& path) {
    const UnixAddress address = address_of(path);
    Fd fd = make_unix_socket(0);
    if (::connect(fd.get(), &address.generic, sizeof address.path) != 0) {
        throw StartError("socket " + path, errno);
    }
    return fd;
}

UnixListener::UnixListener(EventLoop& loop, std::string path, Callback on_connection)
    : path_(std::move(path)),
      on_connection_(std::move(on_connection)),
      fd_(listen_at(path_)),
      pause_(loop, [this] { readable_.start(); }),
      readable_(loop, fd_.get(), Readiness::Readable, [this] { on_readable(); }) {}

UnixListener::~UnixListener() {
    unlink(path_.c_str());
}

void UnixListener::on_readable() {
    Fd connection(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) {
        try {
            on_connection_(std::move(connection));
        } catch (const std::bad_alloc&) {  // it is closed
        }
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        readable_.stop();
        pause_.set(now() + kPauseWithoutDescriptors);
    }
}

}  // namespace curvecp
