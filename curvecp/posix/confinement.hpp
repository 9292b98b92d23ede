// What a process that we start may do: its user, the directory that is its whole file system, what
// it may use up.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <sys/types.h>

namespace curvecp {

// A user with everything that belongs to it.
struct UserIdentity {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;  // the supplementary ones
};

// One of the kernel's limits (RLIMIT_...), soft and hard.
struct ResourceLimit {
    int resource = 0;
    rlim_t value = 0;
};

struct Confinement {
    std::vector<ResourceLimit> limits;
    std::string root_directory;        // empty: the file system as it is
    std::optional<UserIdentity> user;  // the parent's where there is none
};

// "memory=500M", with the names of kResourceNames; bytes may end with K, M or G. Throws UsageError.
[[nodiscard]] ResourceLimit parse_resource_limit(std::string_view text);
inline constexpr std::string_view kResourceNames = "memory, processes, files, cpu or core";

// Throws a StartError where this process has no right to set a limit, or the directory is none: so
// that it is known before the first client comes.
void require_possible(const Confinement& confinement);

}  // namespace curvecp
