// Why a packet got no answer. Nobody is told but a counter: a bad packet is silence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace curvecp {

enum class DropReason : std::uint8_t {
    NotAPacket,         // no packet's magic
    MalformedHello,     // a packet's magic, but not its length
    MalformedInitiate,  // the same
    MalformedMessage,   // the same
    WrongExtension,     // for another server behind this address
    BadHello,           // its box does not open, or not to zeros
    NoNonces,           // no reserved long-term nonces are left
    CookieExpired,      // no minute key opens it: it is too old, or forged
    BadCookie,          // another client's
    BadInitiate,        // its box does not open
    WrongServerName,
    BadVouch,           // the client does not own the long-term key that it claims
    CookieSpent,        // it has opened a connection before
    SpentCookiesFull,   // no more cookies can be remembered
    ServerFull,         // as many connections as allowed
    Crowded,            // more strangers at once than can wait
    HandlerNotStarted,  // the system had no process or pipe for it
    Draining,           // the server takes no new connections
    UnknownClient,      // a message of nobody who is connected
    BadMessage,         // its box does not open
    Repeated,           // its nonce was seen
    TooOld,             // its nonce is behind the window
    // Access: rules, limits, and who is asked. Those of a client come after it proved its keys.
    DeniedAddress,      // by the rules for addresses
    KeyNotAuthorized,   // not among the authorized keys, expired, or not from this address
    AddressLimit,       // as many connections as allowed from this address
    PrefixLimit,        // ... from this network
    KeyLimit,           // ... with this key
    Reserved,           // the places that are left are kept for authorized keys
    RateLimit,          // too many new connections from this address in a short time
    Asking,             // the authorizer has not answered yet
    AuthorizerBusy,     // too many questions are open
    AuthorizerNotNow,   // it said: not now
    AuthorizerRefused,  // it said: no
    AuthorizerFailed,   // it gave no answer, or none that can be understood
};

inline constexpr std::size_t kDropReasons =
    static_cast<std::size_t>(DropReason::AuthorizerFailed) + 1;

// In the order of the reasons.
inline constexpr std::array<std::string_view, kDropReasons> kDropReasonTexts{
    "not a packet",
    "malformed Hello",
    "malformed Initiate",
    "malformed Message",
    "wrong extension",
    "bad Hello",
    "no nonces left",
    "expired cookie",
    "cookie of another client",
    "bad Initiate",
    "wrong server name",
    "bad vouch",
    "cookie used before",
    "too many cookies to remember",
    "too many connections",
    "too many strangers at once",
    "message handler not started",
    "no new connections",
    "unknown client",
    "bad Message",
    "repeated packet",
    "packet too old",
    "address denied",
    "key not authorized",
    "too many connections from this address",
    "too many connections from this network",
    "too many connections with this key",
    "the last places are for authorized keys",
    "too many new connections from this address",
    "the authorizer has not answered yet",
    "too many questions to the authorizer",
    "the authorizer said: not now",
    "the authorizer refused",
    "the authorizer gave no answer",
};

[[nodiscard]] constexpr std::string_view to_text(DropReason reason) noexcept {
    return kDropReasonTexts[static_cast<std::size_t>(reason)];
}

// How often each reason occurred.
class DropCounters {
  public:
    void count(DropReason reason) noexcept { ++counts_[static_cast<std::size_t>(reason)]; }
    [[nodiscard]] std::uint64_t of(DropReason reason) const noexcept {
        return counts_[static_cast<std::size_t>(reason)];
    }

  private:
    std::array<std::uint64_t, kDropReasons> counts_{};
};

}  // namespace curvecp
