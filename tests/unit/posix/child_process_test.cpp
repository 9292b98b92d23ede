#include "curvecp/posix/caught_signals.hpp"
#include "curvecp/posix/event_loop.hpp"
#include "tests/unit/posix/child_run.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>

using namespace curvecp;
using namespace curvecp::testing;

namespace {

// A field of the child's /proc/self/status, all of them hexadecimal masks of signals.
std::uint64_t signal_mask(const std::string& field) {
    const auto line = Run{{"grep", "^" + field + ":", "/proc/self/status"}}.output();
    return std::strtoull(line.substr(field.size() + 1).c_str(), nullptr, 16);
}

}  // namespace

TEST_CASE("a program is looked for in PATH and gets its arguments and its environment") {
    Run run{{"sh", "-c", "echo \"$1-$X-$Y\"", "name", "a b"}};
    run.environment = {"X=1", "Y=2 3"};
    CHECK(run.output() == "a b-1-2 3\n");
}

TEST_CASE("a program that is not there, or is no program, is an error and leaves no child") {
    CHECK(Run{{"/no/such/program"}}().error == ENOENT);
    CHECK(Run{{"nosuchprogram"}}().error == ENOENT);
    CHECK(Run{{"/etc/passwd"}}().error == EACCES);
    CHECK(Run{{}}().error == ENOENT);
    CHECK(Run{{"nosuchprogram"}}().pid == -1);
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("only 0, 1, 2 and what was mapped is open in the child, close-on-exec or not") {
    const Fd stray(open("/dev/null", O_RDONLY));
    const Fd high(fcntl(stray.get(), F_DUPFD, 200));
    const Fd low(fcntl(stray.get(), F_DUPFD, 4));
    auto run = shell(
        "for f in 0 1 2 3 4 5 6 7 8 9 10 11 12 20 200; do "
        "[ -e /proc/$$/fd/$f ] && printf '%s ' $f; done; exit 0");
    const Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    run.descriptors = {{null.get(), 8}, {null.get(), 9}};
    CHECK(run.output() == "0 1 2 8 9 ");
}

TEST_CASE("descriptors may be mapped crosswise and onto themselves") {
    Pipe one = make_pipe(Blocking::Both);
    Pipe two = make_pipe(Blocking::Both);
    const int first = one.write.get();
    const int second = two.write.get();
    auto run = shell("echo to-" + std::to_string(second) + " >&" + std::to_string(second) +
                     "; echo to-" + std::to_string(first) + " >&" + std::to_string(first));
    run.descriptors = {{first, second}, {second, first}};
    const Started started = run();
    REQUIRE(started);
    one.write.reset();
    two.write.reset();
    CHECK(read_all(one.read) == "to-" + std::to_string(second) + "\n");
    CHECK(read_all(two.read) == "to-" + std::to_string(first) + "\n");
    status_of(started.pid);

    Pipe same = make_pipe(Blocking::Both);
    const auto number = std::to_string(same.write.get());
    auto onto_itself = shell("echo itself >&" + number);
    onto_itself.descriptors = {{same.write.get(), same.write.get()}};
    const Started again = onto_itself();
    REQUIRE(again);
    same.write.reset();
    CHECK(read_all(same.read) == "itself\n");
    status_of(again.pid);
}

TEST_CASE("a child has SIGPIPE, SIGCHLD and SIGXFSZ at their defaults, and no signal blocked") {
    ignore_broken_pipes();
    ignore_file_size_signals();
    std::signal(SIGHUP, SIG_IGN);
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    const auto ignored = signal_mask("SigIgn");
    const auto blocked = signal_mask("SigBlk");
    sigprocmask(SIG_SETMASK, &old, nullptr);
    std::signal(SIGHUP, SIG_DFL);
    const auto is_ignored = [&](int signal) {
        return (ignored >> static_cast<unsigned>(signal - 1) & 1U) != 0;
    };
    CHECK_FALSE(is_ignored(SIGPIPE));
    CHECK_FALSE(is_ignored(SIGCHLD));
    CHECK_FALSE(is_ignored(SIGXFSZ));
    CHECK(is_ignored(SIGHUP));  // as nohup wants it
    CHECK(blocked == 0);
}

TEST_CASE("what a watcher catches is known while it does, so that no child runs its callback") {
    EventLoop loop;
    CHECK(sigismember(&caught_signals(), SIGUSR1) == 0);
    {
        const SignalWatcher watcher(loop, SIGUSR1, [] {});
        CHECK(sigismember(&caught_signals(), SIGUSR1) == 1);
    }
    CHECK(sigismember(&caught_signals(), SIGUSR1) == 0);
}

TEST_CASE("a program that was found is not looked for again") {
    const std::vector<std::string> arguments{"nosuchprogram", "-c", "exit 3"};
    const Started started = start({arguments, {}, {}, "/bin/sh"});
    REQUIRE(started);
    CHECK(exit_code_of(status_of(started.pid)) == 3);
}

TEST_CASE("an exit code is told from a signal") {
    const int exited = status_of(shell("exit 100")().pid);
    CHECK(exit_code_of(exited) == 100);
    CHECK(!signal_of(exited));
    const int killed = status_of(shell("kill -TERM $$")().pid);
    CHECK(!exit_code_of(killed));
    CHECK(signal_of(killed) == SIGTERM);
}

TEST_CASE("a child that is ending is told from one that lives, however it is named") {
    // A name with spaces, brackets and digits, as /proc tells it.
    const Started started = shell("printf ') 0 4 4 4 4 4 4 (' >/proc/$$/comm; kill -STOP $$")();
    REQUIRE(started);
    int status = 0;
    REQUIRE(waitpid(started.pid, &status, WUNTRACED) == started.pid);
    REQUIRE(WIFSTOPPED(status));
    CHECK(is_ending(started.pid) == false);
    kill(started.pid, SIGKILL);
    siginfo_t info{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(started.pid), &info, WEXITED | WNOWAIT) == 0);
    CHECK(is_ending(started.pid) == true);
    status_of(started.pid);
    CHECK_FALSE(is_ending(started.pid));
}
