// What the server does with each datagram, as a value: the loop around it carries it out. Knows the
// protocol, the clients and their keys; touches no socket, no process and no clock.
// Specification: server.
#pragma once

#include "curvecp/core/server_handshake.hpp"
#include "daemon/connection_table.hpp"
#include "daemon/spent_cookies.hpp"

namespace curvecp::daemon {

class Server {
  public:
    Server(ServerIdentity identity, LongTermNonces nonces, std::size_t max_connections,
           TimePoint now);

    // Send this packet back the way that the datagram came.
    struct Reply {
        Bytes packet;
    };
    // Start a handler for this client; when it runs, call on_handler_started() and deliver the
    // frame to it. Where none could be started, call on_handler_failed(): nothing has happened.
    struct Open {
        AcceptedInitiate initiate;
        Path path;
        MutableBytes frame;
    };
    // Write this frame to the connection's handler.
    struct Deliver {
        ConnectionId connection;
        MutableBytes frame;
        const Path* moved_from = nullptr;  // where the client was, if it is there no more
    };
    // Spans inside live as long as the datagram, and until the next call.
    using Action = std::variant<DropReason, Reply, Open, Deliver>;

    // The datagram is opened in its place.
    [[nodiscard]] Action on_datagram(TimePoint now, const Path& path, MutableBytes datagram);

    // The client is connected from here on and its cookie spent.
    ConnectionId on_handler_started(Open open);
    // A datagram was dropped unseen, because too many others wait.
    void on_crowd() noexcept { dropped_.count(DropReason::Crowded); }
    void on_handler_failed() noexcept { dropped_.count(DropReason::HandlerNotStarted); }
    // The handler has ended the connection; its keys are wiped.
    void on_handler_end(ConnectionId id) { connections_.erase(id); }

    // The size of the packet for a message, and that packet. False where the connection's nonces
    // are used up: it must be ended.
    [[nodiscard]] static constexpr std::size_t packet_size(std::size_t message_size) noexcept {
        return ServerMessage::kOverhead + message_size;
    }
    [[nodiscard]] bool seal_message(ConnectionId id, Bytes message, MutableBytes packet) noexcept;

    [[nodiscard]] const ClientConnection& connection(ConnectionId id) const noexcept {
        return connections_[id];
    }
    [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }
    // What the next connection will be called.
    [[nodiscard]] std::uint64_t next_number() const noexcept { return opened_ + 1; }
    [[nodiscard]] const DropCounters& dropped() const noexcept { return dropped_; }
    // False where the system's limit did not allow to lock the keys into memory.
    [[nodiscard]] bool keys_locked() const noexcept;

    // Minute keys change by the clock, also while nobody calls.
    [[nodiscard]] TimePoint next_deadline() const noexcept { return cookies_.next_rotation(); }
    void on_deadline(TimePoint now);

    // Long-term nonces come in blocks that are reserved on disk. At zero no Hello is answered.
    [[nodiscard]] std::uint64_t nonces_left() const noexcept { return nonces_.left(); }
    void add_nonces(std::uint64_t first, std::uint64_t count) noexcept {
        nonces_.add_block(first, count);
    }

  private:
    [[nodiscard]] Action on_packet(const Path& path, const Hello& hello);
    [[nodiscard]] Action on_packet(const Path& path, const Initiate& initiate);
    [[nodiscard]] Action on_packet(const Path& path, const ClientMessage& message);
    [[nodiscard]] static Action on_packet(const Path& path, NotAPacket packet);

    [[nodiscard]] std::optional<DropReason> reason_to_refuse(const PublicKey& client) const;
    // Opens a packet of a connected client and takes the message behind `skip` bytes of plaintext.
    [[nodiscard]] Action receive(ConnectionId id, const Path& path, const Extension& extension,
                                 CountedBox kind, NonceCounter nonce, MutableBytes box,
                                 std::size_t skip);

    ServerIdentity identity_;
    LongTermNonces nonces_;
    CookieJar cookies_;
    SpentCookies spent_;
    KeyArena keys_;
    ConnectionTable connections_;
    DropCounters dropped_;
    std::uint64_t opened_ = 0;
    Path moved_from_;
    std::array<std::uint8_t, Cookie::kSize> answer_{};
};

}  // namespace curvecp::daemon
