#include "curvecp/posix/core_dump.hpp"

#include <doctest/doctest.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

TEST_CASE("a process that forbids core dumps leaves the limits of its children alone") {
    const pid_t pid = fork();
    if (pid == 0) {
        rlimit before{};
        rlimit after{};
        getrlimit(RLIMIT_CORE, &before);
        curvecp::forbid_core_dumps();
        getrlimit(RLIMIT_CORE, &after);
        if (prctl(PR_GET_DUMPABLE) != 0) _exit(1);
        _exit(before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max ? 0 : 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(status == 0);
}
