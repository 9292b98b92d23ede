#include "daemon/privilege_options.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>

namespace curvecp::daemon {
namespace {

// The last one of a kind counts.
void set_limit(std::vector<ResourceLimit>& limits, const ResourceLimit& limit) {
    const auto same = std::find_if(limits.begin(), limits.end(), [&](const ResourceLimit& each) {
        return each.resource == limit.resource;
    });
    if (same == limits.end()) {
        limits.push_back(limit);
    } else {
        *same = limit;
    }
}

const std::string& not_empty(const CommandLine::Option& option) {
    if (option.value.empty()) throw UsageError("option " + option.name + ": must not be empty");
    return option.value;
}

}  // namespace

void add_privilege_options(CommandLine& line) {
    line.add_value("-u", "USER", "become this user, once the port is bound and the keys are read");
    line.add_value("-g", "GROUP", "with -u: become this group, not the user's own");
    line.add_value("--chroot", "DIR", "make this directory the whole file system of handlers");
    line.add_value("--resource-limit", "NAME=N",
                   "limit what each handler uses: " + std::string(kResourceNames));
}

bool set_privilege(PrivilegeOptions& privileges, const CommandLine::Option& option) {
    if (option.name == "-u") {
        privileges.user_name = not_empty(option);
    } else if (option.name == "-g") {
        privileges.group_name = not_empty(option);
    } else if (option.name == "--chroot") {
        privileges.handlers.root_directory = not_empty(option);
    } else if (option.name == "--resource-limit") {
        set_limit(privileges.handlers.limits, parse_resource_limit(option.value));
    } else {
        return false;
    }
    return true;
}

void complete(PrivilegeOptions& privileges) {
    if (!privileges.user_name.empty()) {
        privileges.user = find_user(privileges.user_name, privileges.group_name);
        if (!privileges.handlers.root_directory.empty()) {
            throw UsageError("option --chroot " + privileges.handlers.root_directory +
                             ": not together with -u, which gives up the right to do so");
        }
    } else if (!privileges.group_name.empty()) {
        throw UsageError("option -g " + privileges.group_name + ": needs a user, option -u");
    }
}

}  // namespace curvecp::daemon
