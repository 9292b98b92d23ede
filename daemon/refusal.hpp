// What an authenticated client gets that is refused, where refusals are explained: a Message with
// the failure end of the server's stream, at position 0, so that it fails at once and does not wait
// for its patience to end. It is smaller than the Initiate that it answers, and nothing is kept.
#pragma once

#include "curvecp/core/packet.hpp"
#include "curvecp/core/server_handshake.hpp"

namespace curvecp::daemon {

inline constexpr std::size_t kRefusalMessageSize = 192;  // specification: the smallest
inline constexpr std::size_t kRefusalSize = ServerMessage::kOverhead + kRefusalMessageSize;

// The whole packet. Its nonce is random, as the first of a connection's: the client may come back
// with the same cookie.
void write_refusal(const AcceptedInitiate& client, const Extension& server_extension,
                   MutableFixedBytes<kRefusalSize> packet) noexcept;

}  // namespace curvecp::daemon
