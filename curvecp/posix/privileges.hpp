// Users by name or number, and how a process that was started as root becomes one for good.
#pragma once

#include "curvecp/posix/confinement.hpp"

#include <string>

namespace curvecp {

// What the options -u and -g name, by name or number; an empty group is the user's own. Throws a
// UsageError that names what is wrong: also a user that is root, and a number that nobody has where
// no group is given.
[[nodiscard]] UserIdentity find_user(const std::string& user, const std::string& group);

// This process is that user from here on, all its identities and groups, and has no way back: that
// is tried. Throws StartError.
void become(const UserIdentity& identity);

}  // namespace curvecp
