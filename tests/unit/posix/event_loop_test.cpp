#include "curvecp/posix/event_loop.hpp"

#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/pipe.hpp"

#include <cerrno>
#include <csignal>
#include <map>

#include <doctest/doctest.h>

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace curvecp;
using namespace std::chrono_literals;

namespace {

constexpr Duration kLate = 20ms;  // on a busy machine; an idle one is within 0.1 ms

int refused = -1;  // a descriptor that is not watched: no memory

}  // namespace

// In front of the C library's.
extern "C" int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
    if (fd != refused) return static_cast<int>(syscall(SYS_epoll_ctl, epoll, operation, fd, event));
    refused = -1;
    errno = ENOMEM;
    return -1;
}

TEST_CASE("a deadline runs once, not before its time and soon after it") {
    EventLoop loop;
    int runs = 0;
    TimePoint ran;
    const TimePoint due = now() + 1500us;
    Deadline deadline(loop, [&] {
        ++runs;
        ran = now();
        CHECK(!deadline.due());
        loop.stop();
    });
    deadline.set(due);
    loop.run();
    CHECK(runs == 1);
    CHECK(ran >= due);
    CHECK(ran < due + kLate);
}

TEST_CASE("a deadline in the past runs at once, even at the beginning of time") {
    EventLoop loop;
    Deadline deadline(loop, [&] { loop.stop(); });
    const TimePoint start = now();
    deadline.set(TimePoint{});
    loop.run();
    deadline.set(start - 1s);
    loop.run();
    CHECK(now() < start + kLate);
}

TEST_CASE("to set a deadline later costs no system call, and it runs at the later time") {
    EventLoop loop;
    TimePoint ran;
    Deadline deadline(loop, [&] {
        ran = now();
        loop.stop();
    });
    const TimePoint start = now();
    deadline.set(start + 1ms);
    for (int i = 1; i <= 1000; ++i) deadline.set(start + 1ms + 10us * i);
    CHECK(deadline.system_calls() == 1);
    loop.run();
    CHECK(deadline.system_calls() == 2);
    CHECK(ran >= start + 11ms);
    CHECK(ran < start + 11ms + kLate);
}

TEST_CASE("a deadline that is set earlier runs earlier") {
    EventLoop loop;
    Deadline deadline(loop, [&] { loop.stop(); });
    const TimePoint start = now();
    deadline.set(start + 10s);
    deadline.set(start + 1ms);
    loop.run();
    CHECK(now() >= start + 1ms);
    CHECK(now() < start + 1ms + kLate);
}

TEST_CASE("a deadline that was taken back does not run, and can be set again in its callback") {
    EventLoop loop;
    int taken_back = 0;
    Deadline never(loop, [&] { ++taken_back; });
    never.set(now() + 1ms);
    never.set(std::nullopt);
    int runs = 0;
    Deadline again(loop, [&] {
        if (++runs == 3) loop.stop();
        again.set(now() + 1ms);
    });
    again.set(now() + 1ms);
    loop.run();
    CHECK(taken_back == 0);
    CHECK(runs == 3);
}

TEST_CASE("a watcher runs while its descriptor is ready and not while it is stopped") {
    EventLoop loop;
    const Pipe pipe = make_pipe(Blocking::None);
    int reads = 0;
    IoWatcher readable(loop, pipe.read.get(), Readiness::Readable, [&] {
        ++reads;
        loop.stop();
    });
    CHECK(write(pipe.write.get(), "x", 1) == 1);
    loop.run();
    loop.run();
    CHECK(reads == 2);
    readable.stop();
    CHECK(!readable.active());
    int writes = 0;
    IoWatcher writable(loop, pipe.write.get(), Readiness::Writable, [&] {
        if (++writes == 3) loop.stop();
    });
    loop.run();
    CHECK(reads == 2);
    CHECK(writes == 3);
    writable.stop();
    readable.start();
    readable.start();
    loop.run();
    CHECK(reads == 3);
}

TEST_CASE("a callback may destroy other watchers and itself, and a number may be used again") {
    EventLoop loop;
    for (int round = 0; round < 3; ++round) {
        Pipe pipe = make_pipe(Blocking::None);
        CHECK(write(pipe.write.get(), "x", 1) == 1);
        std::unique_ptr<IoWatcher> first;
        std::unique_ptr<IoWatcher> second;
        int runs = 0;
        const auto destroy = [&] {
            ++runs;
            loop.stop();
            auto* const destroyed_last = (first ? &first : &second);
            auto* const other = destroyed_last == &first ? &second : &first;
            other->reset();
            destroyed_last->reset();
        };
        first = std::make_unique<IoWatcher>(loop, pipe.read.get(), Readiness::Readable, destroy);
        second = std::make_unique<IoWatcher>(loop, pipe.write.get(), Readiness::Writable, destroy);
        loop.run();
        CHECK(runs == 1);
    }
}

TEST_CASE("what the kernel does not watch is told of once, and is not watched any more") {
    EventLoop loop;
    Pipe pipe = make_pipe(Blocking::None);
    int runs = 0;
    int refusals = 0;
    IoWatcher watcher(
        loop, pipe.read.get(), Readiness::Readable, [&] { ++runs; }, [&] { ++refusals; });
    refused = pipe.read.get();
    Deadline end(loop, [&] { loop.stop(); });
    end.set(now() + 2ms);
    loop.run();
    CHECK(refusals == 1);
    CHECK(runs == 0);
    CHECK(!watcher.active());
}

TEST_CASE("a loop fails where nobody is told of what the kernel does not watch") {
    EventLoop loop;
    Pipe pipe = make_pipe(Blocking::None);
    const IoWatcher watcher(loop, pipe.read.get(), Readiness::Readable, [] {});
    refused = pipe.read.get();
    Deadline end(loop, [&] { loop.stop(); });
    end.set(now() + 2ms);
    CHECK_THROWS_AS(loop.run(), StartError);
}

TEST_CASE("what is to be done before the loop waits is done once a round, after the callbacks") {
    EventLoop loop;
    std::string order;
    BeforeWait flush(loop, [&] { order += 'f'; });
    Deadline deadline(loop, [&] {
        order += 'd';
        if (order.size() > 5) loop.stop();
        deadline.set(now());
    });
    deadline.set(now());
    loop.run();
    CHECK(order.substr(0, 6) == "fdfdfd");
}

TEST_CASE("a signal runs its watcher in the loop, also one that was blocked before") {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    raise(SIGUSR1);
    EventLoop loop;
    int signals = 0;
    SignalWatcher watcher(loop, SIGUSR1, [&] {
        ++signals;
        loop.stop();
    });
    loop.run();
    raise(SIGUSR1);
    loop.run();
    CHECK(signals == 2);
}

TEST_CASE("every child is told of once, also those that ended before") {
    const auto child = [](int code) {
        const pid_t pid = fork();
        if (pid == 0) _exit(code);
        return pid;
    };
    std::map<pid_t, int> expected;
    for (int code = 0; code < 3; ++code) expected[child(code)] = code;
    siginfo_t info{};
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    EventLoop loop;
    std::map<pid_t, int> ended;
    ChildReaper reaper(loop, [&](pid_t pid, int status) {
        CHECK(ended.count(pid) == 0);
        ended[pid] = WEXITSTATUS(status);
        if (ended.size() == 6) loop.stop();
    });
    for (int code = 3; code < 6; ++code) expected[child(code)] = code;
    loop.run();
    CHECK(ended == expected);
}
