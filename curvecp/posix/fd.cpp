#include "curvecp/posix/fd.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kStandardDescriptors = 3;  // 0, 1 and 2
constexpr int kLastHandlerNumber = 9;    // specification: handlers use 8 and 9, programs 6 and 7

bool is_open(int fd) noexcept {
    return fcntl(fd, F_GETFD) >= 0;
}

bool change_flag(int fd, bool nonblocking) noexcept {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return false;
    const int changed = nonblocking ? (flags | O_NONBLOCK) : (flags & ~O_NONBLOCK);
    return changed == flags || fcntl(fd, F_SETFL, changed) == 0;
}

}  // namespace

void Fd::reset(int fd) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
}

// Kernels before 5.11 know no such flag, and are walked through.
void mark_close_on_exec() noexcept {
    if (close_range(kStandardDescriptors, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    const int end = static_cast<int>(sysconf(_SC_OPEN_MAX));
    for (int fd = kStandardDescriptors; fd < end; ++fd) {
        if (is_open(fd)) fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

void clear_close_on_exec(int fd) noexcept {
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
}

void prepare_descriptors() {
    occupy_low_descriptors();
    mark_close_on_exec();
}

void occupy_low_descriptors() {
    // Each gets the lowest number that is free, until none is missing.
    Fd null(open("/dev/null", O_RDWR));
    while (null && null.get() <= kLastHandlerNumber) null = Fd(dup(null.release()));
    if (!null) throw StartError("cannot open /dev/null", errno);
}

bool was_inherited(int fd) noexcept {
    struct stat file {};
    struct stat null {};
    if (fstat(fd, &file) != 0) return false;
    return fd > kLastHandlerNumber || stat("/dev/null", &null) != 0 || file.st_rdev != null.st_rdev;
}

std::size_t allow_descriptors(std::size_t wanted) noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return limit.rlim_cur;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

void ignore_file_size_signals() noexcept {
    static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
}

bool set_nonblocking(int fd) noexcept {
    return change_flag(fd, true);
}
bool set_blocking(int fd) noexcept {
    return change_flag(fd, false);
}

}  // namespace curvecp
