// The shell around Server: moves datagrams and frames in batches, starts handlers, keeps time.
#pragma once

#include "curvecp/posix/handler_process.hpp"
#include "curvecp/posix/memory_file.hpp"
#include "curvecp/posix/udp_socket.hpp"
#include "daemon/authorizer.hpp"
#include "daemon/configuration.hpp"
#include "daemon/connection_selector.hpp"
#include "daemon/connection_status.hpp"
#include "daemon/handler_children.hpp"
#include "daemon/handover.hpp"
#include "daemon/hello_gate.hpp"
#include "daemon/metrics.hpp"
#include "daemon/rate_meter.hpp"
#include "daemon/reporter.hpp"
#include "daemon/server.hpp"
#include "daemon/waiting_strangers.hpp"

namespace curvecp::daemon {

class ServerLoop {
  public:
    // Throws StartError. The children outlive this: closing the pipes is what ends them. Where
    // something was inherited, take_over() must follow.
    ServerLoop(const Settings& settings, EventLoop& loop, HandlerChildren& children,
               Reporter& reporter, const LoopState* inherited = nullptr);
    ServerLoop(const ServerLoop&) = delete;
    ServerLoop& operator=(const ServerLoop&) = delete;
    ~ServerLoop();

    // Becomes that user for good; the key directories must be its own. Throws StartError.
    void give_up_rights(const UserIdentity& user) const;
    // What an operator may see and do.
    [[nodiscard]] std::size_t connections() const noexcept { return server_.connections(); }
    [[nodiscard]] bool draining() const noexcept { return server_.draining(); }
    // Connections are in places below this.
    [[nodiscard]] std::uint32_t slots() const noexcept {
        return static_cast<std::uint32_t>(handlers_.size());
    }
    [[nodiscard]] std::optional<ConnectionStatus> status(ConnectionId id, TimePoint time) const;
    // The start of a document, up to the list of connections.
    [[nodiscard]] std::string status_json() const;
    [[nodiscard]] Metrics metrics() const;
    // Ends connections, and their handlers' process groups; how many there were.
    std::size_t kill(const ConnectionSelector& selector);
    // Nobody new is let in; the event loop is stopped when the last connection has ended.
    void drain();

    // Serves until the event loop is stopped. The sockets and all pipes are closed when this dies.
    void run();

    // Takes new rules, keys and services. What is wrong with them where they were not taken: then
    // nothing has changed.
    [[nodiscard]] std::string reload(const Settings& settings);

    // All that the program needs that takes this one's place, in the same process: between two
    // callbacks. Throws StartError or std::bad_alloc.
    [[nodiscard]] MemoryFile save(const std::vector<std::string>& arguments,
                                  std::uint64_t blocked_signals);
    // Of what save() tells of, nothing is closed by exec().
    void leave_open_at_exec() const noexcept;
    // Whether a server with these settings could go on with such a state: throws what is wrong.
    static void check_handover(const Settings& settings, Bytes bytes);
    // Goes on with it; behind the loop's part, which was read before. Throws BadState or
    // std::bad_alloc: then nothing that was inherited is closed before this dies.
    void take_over(StateReader& state, LoopState loop);

  private:
    // A connection's handler and what is told of it at its end.
    struct Handler {
        Handler(HandlerProcess::Pipes pipes, EventLoop& loop, PipeBudget& budget,
                const IoWatcher::Callback& on_readable, TimePoint time)
            : Handler(std::move(pipes), {}, loop, budget, on_readable, time) {}
        Handler(HandlerProcess::Pipes pipes, HandlerProcess::Progress progress, EventLoop& loop,
                PipeBudget& budget, const IoWatcher::Callback& on_readable, TimePoint time)
            : process(std::move(pipes), std::move(progress), loop, budget, on_readable),
              started(time),
              rate(time) {}

        HandlerProcess process;
        TimePoint started;
        std::uint64_t bytes_in = 0;   // message bytes from the client
        std::uint64_t bytes_out = 0;  // message bytes to the client
        RateMeter rate;               // of both
    };

    static constexpr std::string_view kKeyRevoked = "its key is not authorized any more";

    // Why a connection has to end.
    struct Ending {
        std::string_view reason;
        EndedBy by = EndedBy::Server;
    };

    struct Listener {
        Listener(UdpSocket bound, EventLoop& loop, const IoWatcher::Callback& on_readable)
            : socket(std::move(bound)),
              watcher(loop, socket.fd(), Readiness::Readable, on_readable) {}

        UdpSocket socket;
        IoWatcher watcher;
    };

    ServerLoop(Settings settings, Configuration configuration, EventLoop& loop,
               HandlerChildren& children, Reporter& reporter, const LoopState* inherited);
    void listen(const LoopState* inherited);
    void name_services();
    [[nodiscard]] static Server make_server(Configuration& configuration, const Settings& settings);
    [[nodiscard]] UdpSocket socket_at(const Address& address, const LoopState* inherited);
    [[nodiscard]] LoopState loop_state() const;
    [[nodiscard]] static HandlerState state_of(const Handler& handler);
    [[nodiscard]] static Server::Loaded load_server(const Settings& settings, Server& server,
                                                    StateReader& state, const LoopState& loop);
    void adopt(ConnectionId id, HandlerState& state);

    // Does what one connection or packet needs; where memory runs out, tells so and returns false.
    template <class Work>
    static bool attempt(Work work) {
        try {
            work();
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }

    void on_datagrams(std::uint16_t listener);
    // One batch. True where there were strangers in it, behind whom others may be waiting.
    [[nodiscard]] bool hear(std::uint16_t listener, TimePoint time);
    void let_wait(const Path& path, Bytes datagram);
    // Some of those who wait; the others when all else has had its turn.
    void serve_strangers(TimePoint time);
    void shed_hellos(unsigned shift);
    void deal_with(TimePoint time, const Path& path, MutableBytes datagram);
    void carry_out(const Path& path, Server::Action action);
    void reply(const Path& path, Bytes packet);
    void ask(Server::Ask question);
    void on_answer(Server::Ask question, AuthorizerAnswer answer);
    void open(Server::Open open);
    [[nodiscard]] HandlerProcess::Pipes start_handler(const Server::Open& open);
    void connect(ConnectionId id, HandlerProcess::Pipes pipes);
    // There is no handler for a client, and why.
    void refuse(const Path& path, const std::string& program, const Started& failed);
    void deliver(const Server::Deliver& deliver);
    void flush_handlers(TimePoint time);

    void on_handler_readable(ConnectionId id);
    // Passes on what the handler has written; why to end the connection where there is a reason.
    [[nodiscard]] std::optional<Ending> read_handler(ConnectionId id);
    // Sends the messages in the buffer; why to end the connection where there is a reason.
    [[nodiscard]] std::optional<Ending> send_messages(ConnectionId id, Handler& handler);
    // All that a handler has left in its pipe, when its process has ended.
    [[nodiscard]] Carried read_last(ConnectionId id);
    [[nodiscard]] Carried carried(ConnectionId id, const Handler& handler) const noexcept;
    void end(ConnectionId id, Ending ending);
    // The same, and the handler's process group.
    void end_with_handler(ConnectionId id, std::string_view reason);
    void end_idle(TimePoint time);
    [[nodiscard]] std::string name_of(const ClientConnection& connection) const;
    void stop_where_drained();

    void on_deadline();
    void reserve_nonces();
    void reserve_nonces(std::size_t host);
    [[nodiscard]] UdpSocket& socket_of(const Path& path) { return listeners_[path.socket]->socket; }
    [[nodiscard]] const ServiceProgram& program_of(ServiceIndex service) const {
        return programs_[server_.service(service).settings];
    }
    [[nodiscard]] bool no_nonces_lately() const noexcept;

    Settings settings_;
    EventLoop& loop_;
    HandlerChildren& children_;
    Reporter& reporter_;
    std::vector<KeyDirectory> keys_;        // by host
    std::vector<ServiceProgram> programs_;  // by Service::settings
    std::vector<std::unique_ptr<Listener>> listeners_;
    Server server_;
    WaitingStrangers strangers_;
    HelloGate gate_;
    Authorizers authorizers_;
    PipeBudget pipe_budget_;
    std::vector<std::unique_ptr<Handler>> handlers_;  // by slot
    std::vector<ConnectionId> to_flush_;
    std::vector<std::uint8_t> read_buffer_;
    TimePoint start_;
    std::uint64_t bytes_in_ = 0;
    std::uint64_t bytes_out_ = 0;
    std::optional<TimePoint> no_nonces_since_;
    Deadline deadline_;
    BeforeWait before_wait_;
};

}  // namespace curvecp::daemon
