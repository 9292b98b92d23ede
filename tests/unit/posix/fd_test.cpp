#include "curvecp/posix/fd.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace curvecp;

namespace {

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}
bool is_close_on_exec(int fd) {
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}
int open_null() {
    return open("/dev/null", O_RDONLY);
}

// Runs in a child, since it changes the descriptors of the process; the number of the check that
// failed, or 0.
template <class Check>
int in_child(Check check) {
    const pid_t pid = fork();
    if (pid == 0) _exit(check());
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a descriptor is closed by its owner, and only by the last one") {
    const int raw = open_null();
    {
        Fd first(raw);
        Fd second = std::move(first);
        CHECK(!first);
        CHECK(second.get() == raw);
        CHECK(is_open(raw));
    }
    CHECK(!is_open(raw));
}

TEST_CASE("a descriptor that is released stays open, one that is replaced does not") {
    Fd fd(open_null());
    const int old = fd.get();
    const int other = open_null();
    fd.reset(other);
    CHECK(!is_open(old));
    CHECK(fd.release() == other);
    CHECK(is_open(other));
    close(other);
}

TEST_CASE("closed standard descriptors are opened before anything else gets their numbers") {
    CHECK(in_child([] {
              close(0);
              close(2);
              prepare_descriptors();
              if (!is_open(0) || !is_open(1) || !is_open(2)) return 1;
              if (is_close_on_exec(0) || is_close_on_exec(2)) return 2;
              return 0;
          }) == 0);
}

TEST_CASE("what was inherited is closed by exec, and no new descriptor has a handler's number") {
    CHECK(in_child([] {
              for (int fd = 3; fd < 100; ++fd) close(fd);
              dup2(0, 5);
              dup2(0, 50);
              prepare_descriptors();
              for (int fd = 3; fd <= 9; ++fd) {
                  if (!is_open(fd) || !is_close_on_exec(fd)) return fd;
              }
              if (!is_close_on_exec(50)) return 50;
              return open_null() == 10 ? 0 : 10;
          }) == 0);
}
