#include "curvecp/posix/privileges.hpp"

#include "curvecp/posix/failure.hpp"

#include <array>

#include <doctest/doctest.h>

#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace curvecp;

namespace {

const UserIdentity kSomebody{54'321, 54'322, {54'323}};

// What a process of its own makes of it: 0 where it returned true.
template <class Work>
int in_process(Work work) {
    const pid_t pid = fork();
    if (pid == 0) _exit(work() ? 0 : 1);
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

bool becomes(const UserIdentity& identity) {
    try {
        become(identity);
        return true;
    } catch (const StartError&) {
        return false;
    }
}

bool started_as_root() {
    if (geteuid() == 0) return true;
    MESSAGE("skipped: only root can become another user");
    return false;
}

}  // namespace

TEST_CASE("who became a user has its identities and groups, and cannot go back") {
    if (!started_as_root()) return;
    CHECK(in_process([] {
              if (!becomes(kSomebody)) return false;
              std::array<gid_t, 9> groups{};
              return getuid() == 54'321 && geteuid() == 54'321 && getgid() == 54'322 &&
                     getegid() == 54'322 && getgroups(9, groups.data()) == 1 &&
                     groups[0] == 54'323 && setuid(0) != 0 && setgid(0) != 0 && seteuid(0) != 0;
          }) == 0);
    CHECK(geteuid() == 0);
}

TEST_CASE("who has become a user may be it once more, but nobody else") {
    if (!started_as_root()) return;
    CHECK(in_process([] {
              const UserIdentity other{54'324, 54'324, {}};
              return becomes(kSomebody) && becomes(kSomebody) && !becomes(other) &&
                     getuid() == 54'321;
          }) == 0);
}

TEST_CASE("a way back that the kernel leaves open is an error") {
    if (!started_as_root()) return;
    CHECK(in_process([] {
              // Capabilities survive the change of user.
              if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0) return false;
              return !becomes(kSomebody);
          }) == 0);
}

TEST_CASE("users and groups are found by name and by number") {
    const UserIdentity nobody = find_user("nobody", "");
    CHECK(nobody.user != 0);
    const UserIdentity by_number = find_user(std::to_string(nobody.user), "");
    CHECK(by_number.user == nobody.user);
    CHECK(by_number.group == nobody.group);
    CHECK(by_number.groups == nobody.groups);
    CHECK(find_user("nobody", "54322").group == 54'322);
    CHECK(find_user("nobody", "root").group == 0);
    const UserIdentity nobodys = find_user("54321", "54322");
    CHECK(nobodys.user == 54'321);
    CHECK(nobodys.group == 54'322);
    CHECK(nobodys.groups.empty());
}

TEST_CASE("a user that is not there, is root, or has no group is named") {
    CHECK_THROWS_WITH_AS(static_cast<void>(find_user("no-such-user", "")),
                         "option -u no-such-user: no such user", UsageError);
    CHECK_THROWS_WITH_AS(static_cast<void>(find_user("nobody", "no-such-group")),
                         "option -g no-such-group: no such group", UsageError);
    for (const char* bad : {"root", "0", "54321", "-1", "4294967295", "4294967296", ""}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(static_cast<void>(find_user(bad, "")), UsageError);
    }
}
