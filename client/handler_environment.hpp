// What a client's message handler and its program find in their environment about the connection,
// in the manner of UCSPI.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/client_handshake.hpp"

#include <string>
#include <vector>

namespace curvecp::client {

struct HandlerSurroundings {
    Address server;
    Address local;  // that the server's Cookie came to; a wildcard where that is not known
    PublicKey server_long_term;
    Extension server_extension;
    Extension client_extension;
    std::string server_name;
};

// NAME=value. What was inherited stays, but for variables of these names, and those by which a
// service manager speaks to this process alone.
[[nodiscard]] std::vector<std::string> handler_environment(std::vector<std::string> inherited,
                                                           const HandlerSurroundings& surroundings);

}  // namespace curvecp::client
