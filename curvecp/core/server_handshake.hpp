// The server's half of the handshake, without state: a Hello is answered and forgotten, an Initiate
// brings back in its cookie all that the server needs. Specification: server.
#pragma once

#include "curvecp/core/cookie.hpp"
#include "curvecp/core/drop_reason.hpp"
#include "curvecp/core/long_term_nonce.hpp"

namespace curvecp {

// Who a server is.
struct ServerIdentity {
    Locked<SecretKey> long_term;
    ServerName name;
    Extension extension;
};

// Writes the Cookie that answers a Hello; nothing is kept. A reason where there is no answer.
[[nodiscard]] std::optional<DropReason> answer_hello(const Hello& hello,
                                                     const Extension& server_extension,
                                                     const SecretKey& server_long_term,
                                                     const CookieJar& jar, LongTermNonces& nonces,
                                                     const Cookie& answer) noexcept;

// What an Initiate proved: these two keys belong together, and they mean this server.
struct AcceptedInitiate {
    PublicKey client_short_term;
    PublicKey client_long_term;
    Extension client_extension;
    SharedKey client_short_server_short;
    MinuteKeyId minute_key;  // that opened the cookie
    NonceCounter nonce;
    MutableBytes message;  // inside the packet, which was opened in its place
};

// What an Initiate says whose cookie and box opened: its sender owns the short-term key. Which
// server it means, and whether the long-term key is its own, is still to be looked at.
struct OpenedInitiate {
    AcceptedInitiate claims;
    MutableFixedBytes<Initiate::Name::kSize> name;
    MutableFixedBytes<Vouch::kSize> vouch;
};
[[nodiscard]] std::variant<OpenedInitiate, DropReason> open_initiate(const Initiate& initiate,
                                                                     const CookieJar& jar) noexcept;
// Whether the client owns the long-term key that it claims.
[[nodiscard]] bool is_vouched(const OpenedInitiate& opened,
                              const SecretKey& server_long_term) noexcept;

// Checks the Initiate of a client that is not connected, the cheap things first, where there is but
// one server to mean. Whether the cookie was spent is not known here.
[[nodiscard]] std::variant<AcceptedInitiate, DropReason> accept_initiate(
    const Initiate& initiate, const ServerIdentity& identity, const CookieJar& jar) noexcept;

}  // namespace curvecp
