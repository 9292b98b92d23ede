#include "curvecp/posix/privileges.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <grp.h>
#include <unistd.h>

namespace curvecp {
namespace {

[[noreturn]] void throw_cannot_become(const UserIdentity& identity, int error) {
    throw StartError("cannot become user " + std::to_string(identity.user) + ", group " +
                         std::to_string(identity.group),
                     error);
}

bool has_groups(std::vector<gid_t> wanted) {
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(getgroups(0, nullptr), 0)));
    if (getgroups(static_cast<int>(groups.size()), groups.data()) < 0) return false;
    std::sort(groups.begin(), groups.end());
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    return groups == wanted;
}

bool has_identities(const UserIdentity& identity) noexcept {
    std::array<uid_t, 3> users{};
    std::array<gid_t, 3> groups{};
    if (getresuid(&users[0], &users[1], &users[2]) != 0) return false;
    if (getresgid(&groups[0], &groups[1], &groups[2]) != 0) return false;
    return users == std::array{identity.user, identity.user, identity.user} &&
           groups == std::array{identity.group, identity.group, identity.group};
}

// Each would succeed where a privilege was left, and then we must not go on.
bool can_go_back(uid_t user, gid_t group, const UserIdentity& identity) noexcept {
    constexpr uid_t kRoot = 0;
    const auto keep = static_cast<uid_t>(-1);
    return setresuid(kRoot, kRoot, kRoot) == 0 || setresuid(keep, kRoot, keep) == 0 ||
           (user != identity.user && setresuid(keep, user, keep) == 0) ||
           (group != identity.group && setresgid(keep, group, keep) == 0);
}

}  // namespace

void become(const UserIdentity& identity) {
    const uid_t user = geteuid();
    const gid_t group = getegid();
    // Who is that user already has the groups that it was started with.
    const bool is_already = has_identities(identity) && user != 0;
    if (!is_already && (setgroups(identity.groups.size(), identity.groups.data()) != 0 ||
                        setresgid(identity.group, identity.group, identity.group) != 0 ||
                        setresuid(identity.user, identity.user, identity.user) != 0)) {
        throw_cannot_become(identity, errno);
    }
    const bool is_that_user =
        has_identities(identity) && (is_already || has_groups(identity.groups));
    if (!is_that_user || can_go_back(user, group, identity)) {
        throw StartError("the rights of user " + std::to_string(user) + " cannot be given up");
    }
}

}  // namespace curvecp
