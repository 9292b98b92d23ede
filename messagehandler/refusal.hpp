// What a server's handler that could not start does with its connection: the client is told that
// the stream failed, rather than left to a time-out.
#pragma once

namespace curvecp::messagehandler {

// Returns when the client has acknowledged it, the connection has ended, or 5 s have passed. Does
// nothing where descriptors 8 and 9 are no pipes or sockets.
void refuse_client();

}  // namespace curvecp::messagehandler
