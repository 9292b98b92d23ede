// An object of its own in the library: static programs, which need no users, must not have the
// machinery of the C library for them.
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/privileges.hpp"

#include <charconv>
#include <limits>

#include <grp.h>
#include <pwd.h>

namespace curvecp {
namespace {

// All digits; the largest number means "no change" to the kernel.
std::optional<std::uint32_t> number_in(const std::string& text) noexcept {
    std::uint32_t number = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, number);
    if (error != std::errc() || end != last) return std::nullopt;
    if (number == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return number;
}

gid_t find_group(const std::string& group) {
    // Only at the start, where there is one thread.
    if (const struct group* entry = getgrnam(group.c_str())) return entry->gr_gid;  // NOLINT
    if (const auto number = number_in(group)) return *number;
    throw UsageError("option -g " + group + ": no such group");
}

std::vector<gid_t> groups_of(const char* user, gid_t group) {
    constexpr int kUsually = 64;
    std::vector<gid_t> groups(kUsually);
    int count = kUsually;
    while (getgrouplist(user, group, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
    }
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

}  // namespace

UserIdentity find_user(const std::string& user, const std::string& group) {
    const auto number = number_in(user);
    const passwd* entry = getpwnam(user.c_str());                      // NOLINT: one thread
    if (entry == nullptr && number) entry = getpwuid(uid_t{*number});  // NOLINT: one thread
    if (entry == nullptr && !number) throw UsageError("option -u " + user + ": no such user");
    if (entry == nullptr && group.empty()) {
        throw UsageError("option -u " + user + ": nobody has this number; say the group by -g");
    }
    UserIdentity identity;
    identity.user = entry == nullptr ? uid_t{*number} : entry->pw_uid;
    if (identity.user == 0) throw UsageError("option -u " + user + ": has all rights");
    const std::string name = entry == nullptr ? "" : entry->pw_name;
    identity.group = group.empty() ? entry->pw_gid : find_group(group);
    if (!name.empty()) identity.groups = groups_of(name.c_str(), identity.group);
    return identity;
}

}  // namespace curvecp
