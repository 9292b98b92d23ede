// What a message handler learns of its connection from its environment, in the manner of UCSPI; the
// same on both sides.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/keys.hpp"

#include <string>
#include <vector>

namespace curvecp {

// The values at the start of a connection; a client that moves later does not change them.
struct HandlerIntroduction {
    Address local;  // left out where it is a wildcard
    Address remote;
    PublicKey remote_long_term;  // authenticated
    Extension local_extension;
    Extension remote_extension;
    std::uint64_t connection_number = 0;
    // What the rules say of the other side: a name, and variables, NAME=value, which take the
    // place of inherited ones.
    std::string remote_name{};
    std::vector<std::string> variables{};
};

// Made once: what all handlers inherit, without anything that speaks of another connection or of
// the process itself.
class HandlerEnvironment {
  public:
    // `inherited` are the process's own variables, NAME=value; `server_name` as text.
    HandlerEnvironment(const std::vector<std::string>& inherited, const std::string& server_name);

    // All variables of one handler, NAME=value.
    [[nodiscard]] std::vector<std::string> with(const HandlerIntroduction& introduction) const;

  private:
    std::vector<std::string> common_;
};

}  // namespace curvecp
