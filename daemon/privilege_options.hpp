// The options that say as whom the server runs, and what its handlers may do.
#pragma once

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/privileges.hpp"

namespace curvecp::daemon {

struct PrivilegeOptions {
    std::string user_name;   // empty: whoever started it
    std::string group_name;  // empty: the user's
    // What those names mean; the server's and, with that, its handlers'.
    std::optional<UserIdentity> user;
    // Of the handlers.
    Confinement handlers;
};

void add_privilege_options(CommandLine& line);
// True where the option is one of these. Throws UsageError.
[[nodiscard]] bool set_privilege(PrivilegeOptions& privileges, const CommandLine::Option& option);
// After the last option: looks up the names. Throws UsageError.
void complete(PrivilegeOptions& privileges);

}  // namespace curvecp::daemon
