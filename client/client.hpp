// A client's decisions, without the kernel: asks the server's addresses for a Cookie, puts messages
// into Initiates until the server has spoken, then into Messages. Each state owns only what it may
// know; leaving it wipes the rest. Specification: client.
#pragma once

#include "client/retry_schedule.hpp"
#include "curvecp/core/client_handshake.hpp"

namespace curvecp::client {

struct Setup {
    ClientIdentity identity;
    LongTermNonces nonces;  // one of them is used
    ServerContact server;
    std::vector<Address> addresses;  // of the server, 1..kMaxServerAddresses, all with one port
    Extension extension;             // of the client
};

// Why a datagram meant nothing.
enum class Fault : std::uint8_t {
    NotAPacket,
    WrongSender,     // not an address that was asked, or not the one that was decided on
    Unexpected,      // a Cookie after the first good one, or a Message before it
    WrongExtension,  // the server's or the client's
    BadCookie,       // it does not open
    BadMessage,      // it does not open
    Repeated,        // its nonce was seen
    TooOld,          // its nonce is behind the window
};

// What to do about a datagram.
struct Drop {
    Fault fault;
};
struct StartHandler {
    Address server;  // everything goes there from now on
};
struct Deliver {
    MutableBytes frame;  // length byte and message, inside the datagram
};
using Action = std::variant<Drop, StartHandler, Deliver>;

struct HelloPacket {
    Address to;
    std::array<std::uint8_t, Hello::kSize> bytes;
};

class Client {
  public:
    // Ours, because the specification wants the client's extension looked at again at most so
    // often.
    static constexpr Duration kExtensionLife = std::chrono::seconds(30);

    // Throws std::invalid_argument where the server's long-term key is a low-order point, and
    // std::bad_alloc.
    Client(TimePoint now, Setup setup);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() = default;

    // The next Hello once it is due; call it again at next_deadline(). nullopt once the Cookie has
    // come.
    [[nodiscard]] std::optional<HelloPacket> next_hello(TimePoint now);
    // Of next_hello() or gave_up(); nullopt is never.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
    // No Cookie in the time that there is.
    [[nodiscard]] bool gave_up(TimePoint now) const noexcept;
    // May hurry the next Hello; ends nothing.
    void on_icmp_error(TimePoint now) noexcept;

    // Opens the datagram in its place.
    [[nodiscard]] Action on_datagram(const Address& from, MutableBytes datagram);

    // The size of the packet that a message would go out in now. nullopt where it may not: more
    // than kMaxInitiateMessageSize bytes before the server has spoken (which ends the connection),
    // or no Cookie yet.
    [[nodiscard]] std::optional<std::size_t> packet_size(std::size_t message_size) const noexcept;
    // Fills `packet`, which has packet_size() bytes, and may not overlap the message. It goes to
    // server(). False where the nonces are used up: the connection is over.
    [[nodiscard]] bool seal_message(Bytes message, MutableBytes packet) noexcept;

    // Where the good Cookie came from; the wildcard before it has.
    [[nodiscard]] const Address& server() const noexcept { return server_; }
    // The handler has ended the connection; its key is wiped, and nothing is sent or taken any
    // more.
    void on_handler_end() { state_ = Ended{}; }
    // The server's first Message has come.
    [[nodiscard]] bool connected() const noexcept {
        return std::holds_alternative<Connected>(state_);
    }

    // The client's extension was last set kExtensionLife ago: time to look at it again.
    [[nodiscard]] bool wants_extension(TimePoint now) const noexcept {
        return now >= extension_set_ + kExtensionLife;
    }
    // Packets to the one before are still taken, since a server may never learn the new one.
    void set_extension(TimePoint now, const Extension& extension) noexcept;
    [[nodiscard]] const Extension& extension() const noexcept { return extensions_[0]; }

    // For telling why there is no connection: the addresses that were asked until the Cookie came,
    // and how many Cookies from there were not good.
    [[nodiscard]] std::span<const Address> asked() const noexcept;
    [[nodiscard]] std::uint64_t bad_cookies() const noexcept { return bad_cookies_; }
    // All secrets are in locked memory.
    [[nodiscard]] bool locked() const noexcept { return locked_; }

  private:
    struct AwaitingCookie {
        ClientGreeting greeting;
        ClientIdentity identity;
        LongTermNonces nonces;
        RetrySchedule schedule;
    };
    struct Initiating {
        ClientInitiation initiation;
        Connection connection;
    };
    struct Connected {
        Connection connection;
    };
    struct Ended {};

    [[nodiscard]] static AwaitingCookie begin(TimePoint now, Setup setup);
    [[nodiscard]] Action on_cookie(const Address& from, const Cookie& cookie);
    [[nodiscard]] Action on_message(const Address& from, const ServerMessage& message);
    [[nodiscard]] Connection* connection() noexcept;
    void become_connected();
    [[nodiscard]] bool seal_client_message(Connection& connection, Bytes message,
                                           const ClientMessage& packet) const noexcept;

    KeyArena arena_{1};
    PublicKey client_short_term_;
    Extension server_extension_;
    Address server_;
    std::array<Extension, 2> extensions_;  // of the client: the one used, the one before
    TimePoint extension_set_;
    std::uint64_t bad_cookies_ = 0;
    bool locked_;
    std::variant<AwaitingCookie, Initiating, Connected, Ended> state_;
};

}  // namespace curvecp::client
