// What the server does with each datagram, as a value: the loop around it carries it out. Knows the
// protocol, the clients and their keys; touches no socket, no process and no clock.
// Specification: server.
#pragma once

#include "curvecp/core/server_handshake.hpp"
#include "daemon/connection_table.hpp"
#include "daemon/refusal.hpp"
#include "daemon/service.hpp"
#include "daemon/spent_cookies.hpp"

#include <unordered_set>

namespace curvecp::daemon {

class Server {
  public:
    Server(std::vector<Host> hosts, std::vector<Service> services, std::size_t max_connections,
           TimePoint now);
    // One service that is open to everybody.
    Server(ServerIdentity identity, LongTermNonces nonces, std::size_t max_connections,
           TimePoint now);

    // Send this packet back the way that the datagram came.
    struct Reply {
        Bytes packet;
    };
    // What is special of a client: from its line among the authorized keys, or from the authorizer.
    struct Grant {
        std::string name;                      // CURVECPREMOTENAME
        std::vector<std::string> environment;  // NAME=value
        std::string command;                   // for /bin/sh, instead of the program
    };
    // Start a handler for this client; when it runs, call on_handler_started() and deliver the
    // frame to it. Where none could be started, call on_handler_failed(): nothing has happened.
    struct Open {
        AcceptedInitiate initiate;
        Path path;
        MutableBytes frame;
        Meant meant{};
        Grant grant{};
    };
    // A client proved its key and is not let in. Where refusals are explained, send it the packet.
    struct Refuse {
        DropReason reason;
        ServiceIndex service;
        PublicKey client_long_term;
        Bytes packet;  // empty where there is nothing to send
    };
    // Ask the authorizer about this client, and call on_answer() with this, however it ends. The
    // frame lives no longer than the datagram: it must be kept.
    struct Ask {
        AcceptedInitiate initiate;
        Path path;
        MutableBytes frame;
        Meant meant;
        std::uint64_t configuration;
    };
    // Write this frame to the connection's handler.
    struct Deliver {
        ConnectionId connection;
        MutableBytes frame;
        const Path* moved_from = nullptr;  // where the client was, if it is there no more
    };
    // Spans inside live as long as the datagram, and until the next call.
    using Action = std::variant<DropReason, Reply, Open, Deliver, Refuse, Ask>;

    // The datagram is opened in its place.
    [[nodiscard]] Action on_datagram(TimePoint now, const Path& path, MutableBytes datagram);

    // What the authorizer said of a client. Whom it allows is opened as if the Initiate had come
    // now; after `NotNow` the cookie is unspent, so that the client's next try may pass.
    enum class Answer : std::uint8_t { Allow, Refuse, NotNow, Failed };
    [[nodiscard]] Action on_answer(TimePoint now, Ask question, Answer answer, Grant grant);
    // There is no memory to ask about this client, by its short-term key.
    void on_question_lost(const PublicKey& client_short_term) noexcept {
        asking_.erase(client_short_term);
    }
    // Ours, because so many clients may wait for an authorizer without much memory.
    static constexpr std::size_t kMostQuestions = 256;

    // New rules and keys. Connections go on, but for these, which are to be ended: their key is
    // not authorized any more.
    [[nodiscard]] std::vector<ConnectionId> replace(std::vector<Host> hosts,
                                                    std::vector<Service> services);
    // Keys expire by the calendar.
    void set_today(Day today) noexcept { today_ = today; }

    // The client is connected from here on and its cookie spent.
    ConnectionId on_handler_started(Open open);
    // Its handler has written: the connection is not idle.
    void on_handler_active(ConnectionId id, TimePoint now) noexcept {
        connections_[id].active = now;
    }
    // A datagram was dropped unseen, because too many others wait.
    void on_crowd() noexcept { dropped_.count(DropReason::Crowded); }
    void on_handler_failed() noexcept { dropped_.count(DropReason::HandlerNotStarted); }
    // The handler has ended the connection; its keys are wiped.
    void on_handler_end(ConnectionId id);

    // The size of the packet for a message, and that packet. False where the connection's nonces
    // are used up: it must be ended.
    [[nodiscard]] static constexpr std::size_t packet_size(std::size_t message_size) noexcept {
        return ServerMessage::kOverhead + message_size;
    }
    [[nodiscard]] bool seal_message(ConnectionId id, Bytes message, MutableBytes packet) noexcept;

    [[nodiscard]] const ClientConnection& connection(ConnectionId id) const noexcept {
        return connections_[id];
    }
    [[nodiscard]] const Service& service(ServiceIndex index) const noexcept {
        return services_[index];
    }
    [[nodiscard]] std::size_t services() const noexcept { return services_.size(); }
    [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }
    // What the next connection will be called.
    [[nodiscard]] std::uint64_t next_number() const noexcept { return opened_ + 1; }
    [[nodiscard]] const DropCounters& dropped() const noexcept { return dropped_; }
    // False where the system's limit did not allow to lock the keys into memory.
    [[nodiscard]] bool keys_locked() const noexcept;

    // Minute keys change by the clock, also while nobody calls.
    [[nodiscard]] TimePoint next_deadline() const noexcept {
        return earlier(cookies_.next_rotation(), next_idle_).value();
    }
    void on_deadline(TimePoint now);

    // Connections that are silent both ways for so long are to be ended.
    void set_idle_timeout(Duration timeout) noexcept {
        idle_timeout_ = timeout;
        next_idle_ = now_ + timeout;
    }
    [[nodiscard]] std::vector<ConnectionId> idle_connections(TimePoint now);

    // From here on nobody new is let in.
    void drain() noexcept { draining_ = true; }
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    // Ours, because two networks by turns are a client's right, and who copies its packets from
    // elsewhere must not turn the answers here and there: so many changes of address at once, and
    // then one in each interval. What comes from the other address meanwhile counts, but the
    // answers stay where they were.
    static constexpr int kMovesAtOnce = 8;
    static constexpr Duration kMoveInterval = std::chrono::seconds(2);

    // Long-term nonces come in blocks that are reserved on disk. At zero no Hello is answered.
    [[nodiscard]] std::uint64_t nonces_left(std::size_t host = 0) const noexcept {
        return services_.hosts()[host].nonces.left();
    }
    void add_nonces(std::uint64_t first, std::uint64_t count, std::size_t host = 0) noexcept {
        services_.hosts()[host].nonces.add_block(first, count);
    }

    // Those whose key is not authorized any more.
    [[nodiscard]] std::vector<ConnectionId> revoked() const;

    // Everything that the program that takes this one's place must know: keys, minute keys, used
    // cookies, connections and what is left of the nonces. Secret.
    void save(StateWriter& state) const;
    struct Loaded {
        std::vector<ConnectionId> connections;  // in the order in which they were saved
        std::vector<ServiceIndex> services;     // by the places that they had
    };
    // Goes on with it: for a server that has just been made, by rules of its own. Nonces are left
    // over only where the long-term key is the same. Throws BadState; the server must not be used
    // then.
    [[nodiscard]] Loaded load(StateReader& state);

  private:
    void load_nonces(StateReader& state);
    [[nodiscard]] std::vector<ServiceIndex> load_services(StateReader& state);
    ConnectionId load_connection(StateReader& state, const std::vector<ServiceIndex>& services);
    [[nodiscard]] Action on_packet(TimePoint now, const Path& path, const Hello& hello);
    [[nodiscard]] Action on_packet(TimePoint now, const Path& path, const Initiate& initiate);
    [[nodiscard]] Action on_packet(TimePoint now, const Path& path, const ClientMessage& message);
    [[nodiscard]] static Action on_packet(TimePoint now, const Path& path, NotAPacket packet);

    // Reasons against a client that has proved nothing yet.
    [[nodiscard]] std::optional<DropReason> reason_to_ignore(const Path& path,
                                                             const Initiate& initiate) const;
    [[nodiscard]] Action judge(TimePoint now, const Path& path, MutableBytes packet,
                               OpenedInitiate opened, Meant meant);
    // By rules and limits, whether or not the long-term key was proved to be the client's.
    [[nodiscard]] std::optional<DropReason> reason_to_refuse(TimePoint now, const IpAddress& ip,
                                                             const PublicKey& client,
                                                             ServiceIndex service) const;
    // By what only a proved key is charged with.
    [[nodiscard]] std::optional<DropReason> reason_to_refuse(const AcceptedInitiate& client,
                                                             ServiceIndex service) const;
    [[nodiscard]] const AuthorizedKey* authorized(ServiceIndex service,
                                                  const PublicKey& client) const;
    // The place is one of those that are kept for authorized keys.
    [[nodiscard]] bool is_kept(ServiceIndex service, const PublicKey& client) const;
    [[nodiscard]] bool may_be_at(const ClientConnection& connection, const IpAddress& ip) const;
    [[nodiscard]] Refuse refuse(DropReason reason, const AcceptedInitiate& client,
                                ServiceIndex service);
    [[nodiscard]] Grant grant_of(ServiceIndex service, const PublicKey& client) const;
    // Whether a connection may change its address now; then it has.
    [[nodiscard]] bool may_move(ClientConnection& connection) const noexcept;
    // Opens a packet of a connected client and takes the message behind `skip` bytes of plaintext.
    [[nodiscard]] Action receive(ConnectionId id, const Path& path, const Extension& extension,
                                 CountedBox kind, NonceCounter nonce, MutableBytes box,
                                 std::size_t skip);
    Action counted(Action action) noexcept;

    Services services_;
    CookieJar cookies_;
    SpentCookies spent_;
    KeyArena keys_;
    ConnectionTable connections_;
    DropCounters dropped_;
    std::unordered_set<PublicKey, KeyedHash> asking_;  // by short-term key
    std::uint64_t opened_ = 0;
    std::uint64_t configuration_ = 0;
    TimePoint now_;
    Day today_ = 0;
    Path moved_from_;
    bool draining_ = false;
    std::optional<Duration> idle_timeout_;
    std::optional<TimePoint> next_idle_;
    std::array<std::uint8_t, std::max(Cookie::kSize, kRefusalSize)> answer_{};
};

}  // namespace curvecp::daemon
