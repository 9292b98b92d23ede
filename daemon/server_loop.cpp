#include "daemon/server_loop.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"

#include <cstring>

namespace curvecp::daemon {
namespace {

constexpr std::uint64_t kNonceBlock = 1'048'576;  // specification: what a server takes
// Ours, because the socket must be emptied faster than a network fills it, and because the
// handlers must have their turn.
constexpr int kMostBatches = 64;
// Ours, because it takes about a millisecond, and so long those who are connected have to wait.
constexpr int kStrangersAtOnce = 8;
// Ours, because a failure that a client can repeat must not fill the log.
constexpr Duration kFailurePause = std::chrono::seconds(10);

bool is_recent(std::optional<TimePoint> failure) noexcept {
    return failure && now() - *failure < kFailurePause;
}

Server make_server(const ServerOptions& options, KeyDirectory& keys) {
    LongTermNonces nonces(keys.nonce_key());
    nonces.add_block(keys.take_nonce_counters(kNonceBlock), kNonceBlock);
    return Server(ServerIdentity{keys.secret_key(), options.server_name, options.extension},
                  std::move(nonces), options.max_connections, now());
}

}  // namespace

ServerLoop::ServerLoop(ServerOptions options, EventLoop& loop, HandlerChildren& children, Log& log)
    : options_(std::move(options)),
      loop_(loop),
      children_(children),
      log_(log),
      keys_(options_.key_directory),
      socket_(UdpSocket::bind(options_.address)),
      server_(make_server(options_, keys_)),
      environment_(current_environment(), options_.server_name_text),
      read_buffer_(HandlerProcess::kReadBufferSize),
      datagrams_(loop_, socket_.fd(), Readiness::Readable, [this] { on_datagrams(); }),
      deadline_(loop_, [this] { on_deadline(); }),
      before_wait_(loop_, [this] { socket_.flush(); }) {
    // No memory is needed for them in mid-batch.
    handlers_.reserve(options_.max_connections);
    to_flush_.reserve(options_.max_connections);
    deadline_.set(server_.next_deadline());
    if (!server_.keys_locked()) log_.info("keys may be swapped out: the limit on locked memory");
    if (!log_.tells(Verbosity::Connections)) return;
    log_.info("listening on ", to_text(socket_.local_address()), ", public key ",
              to_hex(keys_.public_key().bytes()));
}

void ServerLoop::run() {
    wipe_traces();
    loop_.run();
    socket_.flush();
    for (std::uint32_t slot = 0; slot < handlers_.size(); ++slot) {
        if (handlers_[slot]) end(ConnectionId{slot}, "the server stops");
    }
}

template <class Work>
bool ServerLoop::attempt(Work work) {
    try {
        work();
        return true;
    } catch (const std::bad_alloc&) {
        tell_failure("out of memory");
        return false;
    }
}

void ServerLoop::on_datagrams() {
    const TimePoint time = now();
    int batches = 0;
    while (batches < kMostBatches && hear(time)) ++batches;
    serve_strangers(time);
}

bool ServerLoop::hear(TimePoint time) {
    bool any_stranger = false;
    for (const Datagram& datagram : socket_.receive()) {
        if (WaitingStrangers::is_stranger(datagram.bytes)) {
            any_stranger = true;
            let_wait(datagram.path, datagram.bytes);
        } else {
            deal_with(time, datagram.path, datagram.bytes);
        }
    }
    flush_handlers();
    return any_stranger;
}

void ServerLoop::let_wait(const Path& path, Bytes datagram) {
    if (strangers_.add(path, datagram)) return;
    server_.on_crowd();
    tell_dropped(path, DropReason::Crowded);
}

void ServerLoop::serve_strangers(TimePoint time) {
    const bool handshakes = !strangers_.empty();
    for (int served = 0; served < kStrangersAtOnce; ++served) {
        const auto stranger = strangers_.next();
        if (!stranger) break;
        deal_with(time, stranger->path, stranger->datagram);
    }
    flush_handlers();
    reserve_nonces();
    deadline_.set(strangers_.empty() ? server_.next_deadline() : time);
    if (handshakes) wipe_traces();
}

void ServerLoop::deal_with(TimePoint time, const Path& path, MutableBytes datagram) {
    attempt([&] { carry_out(path, server_.on_datagram(time, path, datagram)); });
}

void ServerLoop::carry_out(const Path& path, Server::Action action) {
    if (const auto* delivery = std::get_if<Server::Deliver>(&action)) {
        deliver(*delivery);
    } else if (const auto* reply = std::get_if<Server::Reply>(&action)) {
        const MutableBytes packet = socket_.room(path, reply->packet.size());
        std::copy(reply->packet.begin(), reply->packet.end(), packet.begin());
    } else if (auto* request = std::get_if<Server::Open>(&action)) {
        open(std::move(*request));
    } else {
        tell_dropped(path, std::get<DropReason>(action));
    }
}

void ServerLoop::open(Server::Open open) {
    const AcceptedInitiate& initiate = open.initiate;
    const auto environment = environment_.with({{open.path.local, socket_.local_address().port},
                                                open.path.peer,
                                                initiate.client_long_term,
                                                options_.extension,
                                                initiate.client_extension,
                                                server_.next_number()});
    HandlerProcess::Pipes pipes = HandlerProcess::start(options_.handler, environment);
    if (pipes.error != 0) {
        server_.on_handler_failed();
        tell_dropped(open.path, DropReason::HandlerNotStarted);
        tell_failure("program " + options_.handler.front() + ": " + std::strerror(pipes.error));
        return;
    }
    const MutableBytes frame = open.frame;
    const ConnectionId id = server_.on_handler_started(std::move(open));
    if (!attempt([&] { connect(id, std::move(pipes)); })) {
        server_.on_handler_end(id);
        return;
    }
    deliver({id, frame});
}

void ServerLoop::connect(ConnectionId id, HandlerProcess::Pipes pipes) {
    const ClientConnection& connection = server_.connection(id);
    children_.add(pipes.pid, connection.number);
    if (log_.tells(Verbosity::Connections)) {
        log_.info("connection ", connection.number, ": start, from ", to_text(connection.path.peer),
                  ", client key ", to_hex(connection.client_long_term.bytes()), ", handler ",
                  pipes.pid);
    }
    if (handlers_.size() <= id.slot) handlers_.resize(id.slot + 1);
    handlers_[id.slot] = std::make_unique<Handler>(
        std::move(pipes), loop_, pipe_budget_, [this, id] { on_handler_readable(id); }, now());
}

void ServerLoop::deliver(const Server::Deliver& deliver) {
    Handler& handler = *handlers_[deliver.connection.slot];
    handler.bytes_in += deliver.frame.size() - 1;
    if (handler.process.queue(deliver.frame)) to_flush_.push_back(deliver.connection);
}

void ServerLoop::flush_handlers() {
    for (const ConnectionId id : to_flush_) {
        if (!attempt([&] { handlers_[id.slot]->process.flush(); })) end(id, "out of memory");
    }
    to_flush_.clear();
}

void ServerLoop::on_handler_readable(ConnectionId id) {
    std::optional<std::string_view> reason = "out of memory";
    attempt([&] { reason = read_handler(id); });
    if (reason) end(id, *reason);
}

std::optional<std::string_view> ServerLoop::read_handler(ConnectionId id) {
    Handler& handler = *handlers_[id.slot];
    if (!handler.process.watched()) {
        tell_failure(std::string(HandlerProcess::kUnwatched));
        return HandlerProcess::kUnwatched;
    }
    const bool more = handler.process.read(read_buffer_);
    if (const auto reason = send_messages(id, handler)) return reason;
    if (!more) return "the handler ended it";
    return std::nullopt;
}

std::optional<std::string_view> ServerLoop::send_messages(ConnectionId id, Handler& handler) {
    const Path& path = server_.connection(id).path;
    while (true) {
        const FrameReader::Next next = handler.process.next();
        if (std::holds_alternative<FrameReader::NeedMore>(next)) return std::nullopt;
        const auto* message = std::get_if<MutableBytes>(&next);
        if (message == nullptr) return "the handler wrote a bad length byte";
        const MutableBytes packet = socket_.room(path, Server::packet_size(message->size()));
        if (!server_.seal_message(id, *message, packet)) {
            socket_.take_back();
            return "its nonces are used up";
        }
        handler.bytes_out += message->size();
    }
}

void ServerLoop::end(ConnectionId id, std::string_view reason) {
    const std::unique_ptr<Handler> handler = std::move(handlers_[id.slot]);
    attempt([&] { tell_end(id, *handler, reason); });
    server_.on_handler_end(id);
    wipe_traces();
}

void ServerLoop::tell_end(ConnectionId id, const Handler& handler, std::string_view reason) {
    if (!log_.tells(Verbosity::Connections)) return;
    const ClientConnection& connection = server_.connection(id);
    log_.info("connection ", connection.number, ": end, ", reason, ", after ",
              now() - handler.started, ", from ", to_text(connection.path.peer), ", client key ",
              to_hex(connection.client_long_term.bytes()), ", ", handler.bytes_in, " bytes in, ",
              handler.bytes_out, " bytes out, ", handler.process.dropped_frames(),
              " messages dropped");
}

void ServerLoop::on_deadline() {
    const TimePoint time = now();
    server_.on_deadline(time);
    serve_strangers(time);
}

void ServerLoop::reserve_nonces() {
    if (server_.nonces_left() > kNonceBlock / 2 || is_recent(no_nonces_since_)) return;
    // The rest of the old block is given up; counters are plenty.
    const auto taken = keys_.try_take_nonce_counters(kNonceBlock);
    if (const auto* first = std::get_if<std::uint64_t>(&taken)) {
        server_.add_nonces(*first, kNonceBlock);
    } else {
        no_nonces_since_ = now();
        log_.error("no nonces reserved: ", std::get<StartError>(taken).what());
    }
}

void ServerLoop::tell_dropped(const Path& path, DropReason reason) {
    if (!log_.tells(Verbosity::Debug)) return;
    log_.debug("dropped a packet from ", to_text(path.peer), ": ", to_text(reason));
}

void ServerLoop::tell_failure(const std::string& what) {
    if (is_recent(failure_told_)) return;
    failure_told_ = now();
    log_.error(what);
}

}  // namespace curvecp::daemon
