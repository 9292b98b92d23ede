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
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::TooOld) + 1;

[[nodiscard]] constexpr std::string_view to_text(DropReason reason) noexcept {
    switch (reason) {
        case DropReason::NotAPacket:
            return "not a packet";
        case DropReason::MalformedHello:
            return "malformed Hello";
        case DropReason::MalformedInitiate:
            return "malformed Initiate";
        case DropReason::MalformedMessage:
            return "malformed Message";
        case DropReason::WrongExtension:
            return "wrong extension";
        case DropReason::BadHello:
            return "bad Hello";
        case DropReason::NoNonces:
            return "no nonces left";
        case DropReason::CookieExpired:
            return "expired cookie";
        case DropReason::BadCookie:
            return "cookie of another client";
        case DropReason::BadInitiate:
            return "bad Initiate";
        case DropReason::WrongServerName:
            return "wrong server name";
        case DropReason::BadVouch:
            return "bad vouch";
        case DropReason::CookieSpent:
            return "cookie used before";
        case DropReason::SpentCookiesFull:
            return "too many cookies to remember";
        case DropReason::ServerFull:
            return "too many connections";
        case DropReason::Crowded:
            return "too many strangers at once";
        case DropReason::HandlerNotStarted:
            return "message handler not started";
        case DropReason::Draining:
            return "no new connections";
        case DropReason::UnknownClient:
            return "unknown client";
        case DropReason::BadMessage:
            return "bad Message";
        case DropReason::Repeated:
            return "repeated packet";
        case DropReason::TooOld:
            return "packet too old";
    }
    return {};
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
