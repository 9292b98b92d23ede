// Sockets that a service manager has opened before it started the program, as sd_listen_fds(3)
// tells of them: descriptors from 3 on, by LISTEN_FDS and LISTEN_PID.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/posix/fd.hpp"

namespace curvecp {

// How many there are for this process.
[[nodiscard]] int inherited_sockets();
// A duplicate of the UDP socket among them that is bound to an address; with port 0, to any port
// of it. Empty where there is none.
[[nodiscard]] Fd inherited_udp_socket(const Address& address);

}  // namespace curvecp
