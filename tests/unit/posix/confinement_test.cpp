#include "curvecp/posix/confinement.hpp"

#include "curvecp/posix/failure.hpp"
#include "tests/unit/posix/child_run.hpp"

#include <cerrno>
#include <csignal>

using namespace curvecp;
using namespace curvecp::testing;

namespace {

constexpr uid_t kNobodysUser = 54'321;  // in no user database
constexpr gid_t kNobodysGroup = 54'322;

bool is_limit(std::string_view text, int resource, rlim_t value) {
    const ResourceLimit limit = parse_resource_limit(text);
    return limit.resource == resource && limit.value == value;
}

Run as_nobody(const std::string& script) {
    Run run = shell(script);
    run.confinement.user = UserIdentity{kNobodysUser, kNobodysGroup, {}};
    return run;
}

bool is_root() {
    if (geteuid() == 0) return true;
    MESSAGE("skipped: only root can give a process another user");
    return false;
}

}  // namespace

TEST_CASE("a resource limit is a known name and a number, bytes with a unit") {
    CHECK(is_limit("memory=500M", RLIMIT_AS, rlim_t{500} << 20U));
    CHECK(is_limit("memory=4K", RLIMIT_AS, 4096));
    CHECK(is_limit("core=0", RLIMIT_CORE, 0));
    CHECK(is_limit("core=2G", RLIMIT_CORE, rlim_t{2} << 30U));
    CHECK(is_limit("processes=17", RLIMIT_NPROC, 17));
    CHECK(is_limit("files=64", RLIMIT_NOFILE, 64));
    CHECK(is_limit("cpu=3600", RLIMIT_CPU, 3600));
    for (const char* bad :
         {"", "memory", "memory=", "=5", "disk=5", "memory=-1", "memory=5T", "memory=M", "cpu=1K",
          "files=1.5", "files= 1", "memory=18446744073709551615", "memory=17179869184G"}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(static_cast<void>(parse_resource_limit(bad)), UsageError);
    }
}

TEST_CASE("limits are those of the child alone") {
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    Run run = shell("ulimit -n; ulimit -Hn; ulimit -c; ulimit -t; ulimit -v");
    for (const char* limit : {"files=33", "core=0", "cpu=1000", "memory=1G"}) {
        run.confinement.limits.push_back(parse_resource_limit(limit));
    }
    CHECK(run.output() == "33\n33\n0\n1000\n1048576\n");
    rlimit after{};
    getrlimit(RLIMIT_NOFILE, &after);
    CHECK(before.rlim_cur == after.rlim_cur);
    CHECK(before.rlim_max == after.rlim_max);
}

TEST_CASE("a child has the parent's process group, or its own") {
    const std::string script = "read -r _ _ _ _ group _ </proc/self/stat; echo $group $$";
    CHECK(shell(script).output().starts_with(std::to_string(getpgrp()) + " "));
    Run own = shell(script);
    own.group = ProcessGroup::Own;
    const std::string text = own.output();
    CHECK(text.substr(0, text.find(' ')) + "\n" == text.substr(text.find(' ') + 1));
}

TEST_CASE("a child has the user, the group and no other group that it is to have") {
    if (!is_root()) return;
    CHECK(as_nobody("id -u; id -ru; id -g; id -rg; id -G").output() ==
          "54321\n54321\n54322\n54322\n54322\n");
    Run run = as_nobody("id -G");
    run.confinement.user->groups = {7, 8};
    CHECK(run.output() == "54322 7 8\n");
    CHECK(geteuid() == 0);
}

TEST_CASE("a child that has given up root has no privilege left") {
    if (!is_root()) return;
    Run run{{"grep", "-E", "^Cap(Prm|Eff|Amb)", "/proc/self/status"}};
    run.confinement.user = UserIdentity{kNobodysUser, kNobodysGroup, {}};
    const std::string none(16, '0');
    CHECK(run.output() == "CapPrm:\t" + none + "\nCapEff:\t" + none + "\nCapAmb:\t" + none + "\n");
}

TEST_CASE("a child's file system ends at its root directory") {
    if (!is_root()) return;
    Run run = shell("[ ! -e /etc/passwd ] && pwd");
    run.confinement.root_directory = "/usr";  // has the programs, and the libraries where they look
    CHECK(run.output() == "/\n");
    run.descriptors.clear();
    run.confinement.root_directory = "/proc";
    Started started = run();
    CHECK(started.error == ENOENT);
    CHECK(started.step == StartStep::Program);
    run.confinement.root_directory = "/no/such/directory";
    started = run();
    CHECK(started.error == ENOENT);
    CHECK(started.step == StartStep::RootDirectory);
}

TEST_CASE("each step of a start that fails is told, and leaves no child") {
    Run limits = shell("exit 0");
    limits.confinement.limits.push_back({-1, 5});
    Started started = limits();
    CHECK(started.error == EINVAL);
    CHECK(started.step == StartStep::Limits);
    CHECK(started.pid == -1);

    Run descriptors = shell("exit 0");
    descriptors.descriptors = {{9999, 8}};
    started = descriptors();
    CHECK(started.error == EBADF);
    CHECK(started.step == StartStep::Descriptors);

    Run program{{"/no/such/program"}};
    started = program();
    CHECK(started.error == ENOENT);
    CHECK(started.step == StartStep::Program);
    CHECK(waitpid(-1, nullptr, WNOHANG) == -1);
    CHECK(explain("x", StartStep::Program, ENOENT) == "program x: No such file or directory");
    CHECK(explain("x", StartStep::User, EPERM) == "program x: its user: Operation not permitted");
}

TEST_CASE("what a limit or a directory lacks is known before anything is started") {
    CHECK_NOTHROW(require_possible({}));
    Confinement confinement;
    confinement.root_directory = "/no/such/directory";
    CHECK_THROWS_WITH_AS(require_possible(confinement),
                         "option --chroot /no/such/directory: No such file or directory",
                         StartError);
    confinement.root_directory = "/etc/passwd";
    CHECK_THROWS_AS(require_possible(confinement), StartError);
}

TEST_CASE("a signal's function of the parent never runs in the child") {
    static volatile std::sig_atomic_t calls = 0;
    std::signal(SIGUSR1, [](int) { calls = calls + 1; });
    sigset_t block;
    sigset_t old;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, &old);
    CHECK(shell("kill -USR1 $$; echo survived").operator()().error == 0);
    int status = 0;
    REQUIRE(waitpid(-1, &status, 0) > 0);
    CHECK(signal_of(status) == SIGUSR1);
    sigprocmask(SIG_SETMASK, &old, nullptr);
    std::signal(SIGUSR1, SIG_DFL);
    CHECK(calls == 0);
}
