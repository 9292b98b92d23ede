#include "daemon/server_loop.hpp"

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/privileges.hpp"

#include <cerrno>
#include <cstring>

namespace curvecp::daemon {
namespace {

// Ours, because the socket must be emptied faster than a network fills it, and because the
// handlers must have their turn.
constexpr int kMostBatches = 64;
// Ours, because it takes about a millisecond, and so long those who are connected have to wait.
constexpr int kStrangersAtOnce = 8;
// Ours, because a disk that fails is not to be asked for each packet.
constexpr Duration kNoncePause = std::chrono::seconds(10);
// Ours, because the largest pipe holds 16 times what one read takes.
constexpr int kMostLastReads = 17;

std::array<std::uint8_t, kMagicSize> hello_magic() noexcept {
    std::array<std::uint8_t, Hello::kSize> hello{};
    write_magic(Hello{hello});
    std::array<std::uint8_t, kMagicSize> magic{};
    std::copy_n(hello.begin(), magic.size(), magic.begin());
    return magic;
}

}  // namespace

ServerLoop::ServerLoop(const Settings& settings, EventLoop& loop, HandlerChildren& children,
                       Reporter& reporter, const LoopState* inherited)
    : ServerLoop(settings,
                 configure(settings, inherited == nullptr ? Nonces::Reserve : Nonces::None), loop,
                 children, reporter, inherited) {}

ServerLoop::ServerLoop(Settings settings, Configuration configuration, EventLoop& loop,
                       HandlerChildren& children, Reporter& reporter, const LoopState* inherited)
    : settings_(std::move(settings)),
      loop_(loop),
      children_(children),
      reporter_(reporter),
      keys_(std::move(configuration.directories)),
      programs_(std::move(configuration.programs)),
      server_(make_server(configuration, settings_)),
      authorizers_(loop_,
                   [this](Server::Ask question, AuthorizerAnswer answer) {
                       on_answer(std::move(question), std::move(answer));
                   }),
      read_buffer_(HandlerProcess::kReadBufferSize),
      start_(now()),
      deadline_(loop_, [this] { on_deadline(); }),
      before_wait_(loop_, [this] {
          for (const auto& listener : listeners_) listener->socket.flush();
      }) {
    // No memory is needed for them in mid-batch.
    handlers_.reserve(settings_.max_connections);
    to_flush_.reserve(settings_.max_connections);
    server_.set_today(day_of(wall_time()));
    if (settings_.idle_timeout) server_.set_idle_timeout(*settings_.idle_timeout);
    deadline_.set(server_.next_deadline());
    children_.set_last_look([this](ConnectionId id) { return read_last(id); });
    if (!server_.keys_locked()) {
        reporter_.log().info("keys may be swapped out: the limit on locked memory");
    }
    name_services();
    listen(inherited);
}

void ServerLoop::listen(const LoopState* inherited) {
    for (const Address& address : settings_.addresses) {
        const auto number = static_cast<std::uint16_t>(listeners_.size());
        listeners_.push_back(std::make_unique<Listener>(socket_at(address, inherited), loop_,
                                                        [this, number] { on_datagrams(number); }));
        for (const KeyDirectory& keys : keys_) {
            reporter_.on_listening(listeners_.back()->socket.local_address(), keys.public_key());
        }
    }
}

ServerLoop::~ServerLoop() {
    children_.set_last_look(nullptr);
}

void ServerLoop::give_up_rights(const UserIdentity& user) const {
    become(user);
    for (const KeyDirectory& keys : keys_) keys.require_access();
}

void ServerLoop::run() {
    wipe_traces();
    loop_.run();
    for (const auto& listener : listeners_) listener->socket.flush();
    for (std::uint32_t slot = 0; slot < handlers_.size(); ++slot) {
        if (handlers_[slot]) end(ConnectionId{slot}, {"the server stops"});
    }
}

void ServerLoop::on_datagrams(std::uint16_t listener) {
    const TimePoint time = now();
    int batches = 0;
    while (batches < kMostBatches && hear(listener, time)) ++batches;
    serve_strangers(time);
}

bool ServerLoop::hear(std::uint16_t listener, TimePoint time) {
    bool any_stranger = false;
    for (const Datagram& datagram : listeners_[listener]->socket.receive()) {
        Path path = datagram.path;
        path.socket = listener;
        if (WaitingStrangers::is_stranger(datagram.bytes)) {
            any_stranger = true;
            let_wait(path, datagram.bytes);
        } else {
            deal_with(time, path, datagram.bytes);
        }
    }
    flush_handlers(time);
    return any_stranger;
}

void ServerLoop::let_wait(const Path& path, Bytes datagram) {
    const bool found_room = strangers_.add(path, datagram);
    if (precedence_of(datagram) == Precedence::Stranger) gate_.on_hello(found_room);
    if (found_room) return;
    server_.on_crowd();
    reporter_.on_dropped(now(), path, DropReason::Crowded);
}

void ServerLoop::serve_strangers(TimePoint time) {
    TimePoint again = time;
    int served = 0;
    for (; served < kStrangersAtOnce; ++served) {
        const TimePoint began = now();
        const auto stranger = strangers_.next(gate_.may_serve(began));
        if (!stranger) {
            again = gate_.next();
            break;
        }
        const bool hello = precedence_of(stranger->datagram) == Precedence::Stranger;
        deal_with(time, stranger->path, stranger->datagram);
        if (hello) gate_.on_served(began, now());
    }
    flush_handlers(time);
    reserve_nonces();
    if (const auto shift = gate_.judge(time)) shed_hellos(*shift);
    const auto next = earlier(server_.next_deadline(), gate_.deadline());
    deadline_.set(strangers_.empty() ? next : again);
    if (served > 0) wipe_traces();
}

void ServerLoop::shed_hellos(unsigned shift) {
    for (const auto& listener : listeners_) listener->socket.shed(hello_magic(), shift);
}

void ServerLoop::deal_with(TimePoint time, const Path& path, MutableBytes datagram) {
    if (!attempt([&] { carry_out(path, server_.on_datagram(time, path, datagram)); })) {
        reporter_.on_out_of_memory(path);
    }
}

void ServerLoop::carry_out(const Path& path, Server::Action action) {
    if (const auto* delivery = std::get_if<Server::Deliver>(&action)) {
        deliver(*delivery);
    } else if (const auto* answer = std::get_if<Server::Reply>(&action)) {
        reply(path, answer->packet);
    } else if (const auto* refused = std::get_if<Server::Refuse>(&action)) {
        if (!refused->packet.empty()) reply(path, refused->packet);
        reporter_.on_dropped(now(), path, refused->reason, &refused->client_long_term);
    } else if (auto* request = std::get_if<Server::Open>(&action)) {
        open(std::move(*request));
    } else if (auto* question = std::get_if<Server::Ask>(&action)) {
        ask(std::move(*question));
    } else {
        reporter_.on_dropped(now(), path, std::get<DropReason>(action));
    }
}

void ServerLoop::reply(const Path& path, Bytes packet) {
    const MutableBytes room = socket_of(path).room(path, packet.size());
    std::copy(packet.begin(), packet.end(), room.begin());
}

void ServerLoop::open(Server::Open open) {
    const std::string program = program_of(open.meant.service).arguments.front();
    HandlerProcess::Pipes pipes = start_handler(open);
    if (pipes.error != 0) {
        refuse(open.path, program, {.error = pipes.error, .step = pipes.step});
        return;
    }
    const MutableBytes frame = open.frame;
    const ConnectionId id = server_.on_handler_started(std::move(open));
    const Path path = server_.connection(id).path;
    if (!attempt([&] { connect(id, std::move(pipes)); })) {
        server_.on_handler_end(id);
        refuse(path, program, {.error = ENOMEM});
        return;
    }
    deliver({id, frame});
}

HandlerProcess::Pipes ServerLoop::start_handler(const Server::Open& open) {
    const ServiceProgram& program = program_of(open.meant.service);
    const AcceptedInitiate& initiate = open.initiate;
    const auto environment = program.environments[open.meant.name].with(
        {{open.path.local, socket_of(open.path).local_address().port},
         open.path.peer,
         initiate.client_long_term,
         server_.service(open.meant.service).extension,
         initiate.client_extension,
         server_.next_number(),
         open.grant.name,
         open.grant.environment});
    const std::array<std::string, 3> shell{"/bin/sh", "-c", open.grant.command};
    const std::span<const std::string> named(program.arguments);
    return HandlerProcess::start([&](std::span<const DescriptorMapping> descriptors) {
        return curvecp::start({.arguments = open.grant.command.empty() ? named : std::span(shell),
                               .environment = environment,
                               .descriptors = descriptors,
                               .group = ProcessGroup::Own,
                               .confinement = &program.confinement});
    });
}

void ServerLoop::refuse(const Path& path, const std::string& program, const Started& failed) {
    server_.on_handler_failed();
    reporter_.on_accept_error(failed.error);
    reporter_.on_dropped(now(), path, DropReason::HandlerNotStarted);
    reporter_.on_failure(explain(program, failed.step, failed.error));
}

void ServerLoop::connect(ConnectionId id, HandlerProcess::Pipes pipes) {
    const ClientConnection& connection = server_.connection(id);
    const pid_t pid = pipes.pid;
    children_.add(pid, id, connection.number);
    if (handlers_.size() <= id.slot) handlers_.resize(id.slot + 1);
    handlers_[id.slot] = std::make_unique<Handler>(
        std::move(pipes), loop_, pipe_budget_, [this, id] { on_handler_readable(id); }, now());
    reporter_.on_accepted(connection, pid);
}

void ServerLoop::deliver(const Server::Deliver& deliver) {
    Handler& handler = *handlers_[deliver.connection.slot];
    handler.bytes_in += deliver.frame.size() - 1;
    bytes_in_ += deliver.frame.size() - 1;
    if (handler.process.queue(deliver.frame)) to_flush_.push_back(deliver.connection);
    if (deliver.moved_from != nullptr) {
        reporter_.on_moved(server_.connection(deliver.connection), *deliver.moved_from);
    }
}

void ServerLoop::flush_handlers(TimePoint time) {
    if (!to_flush_.empty()) gate_.on_work(now());
    for (const ConnectionId id : to_flush_) {
        Handler& handler = *handlers_[id.slot];
        handler.rate.sample(time, handler.bytes_in + handler.bytes_out);
        if (!attempt([&] { handler.process.flush(); })) end(id, {"out of memory"});
    }
    to_flush_.clear();
}

void ServerLoop::on_handler_readable(ConnectionId id) {
    std::optional<Ending> ending = Ending{"out of memory"};
    attempt([&] { ending = read_handler(id); });
    if (ending) end(id, *ending);
}

std::optional<ServerLoop::Ending> ServerLoop::read_handler(ConnectionId id) {
    Handler& handler = *handlers_[id.slot];
    if (!handler.process.watched()) {
        reporter_.on_failure(std::string(HandlerProcess::kUnwatched));
        return Ending{HandlerProcess::kUnwatched};
    }
    gate_.on_work(now());
    const bool more = handler.process.read(read_buffer_);
    const std::uint64_t before = handler.bytes_out;
    const auto ending = send_messages(id, handler);
    const TimePoint time = now();
    if (handler.bytes_out != before) server_.on_handler_active(id, time);
    handler.rate.sample(time, handler.bytes_in + handler.bytes_out);
    if (ending) return ending;
    if (!more) return Ending{"the handler ended it", EndedBy::Handler};
    return std::nullopt;
}

std::optional<ServerLoop::Ending> ServerLoop::send_messages(ConnectionId id, Handler& handler) {
    const Path& path = server_.connection(id).path;
    UdpSocket& socket = socket_of(path);
    while (true) {
        const FrameReader::Next next = handler.process.next();
        if (std::holds_alternative<FrameReader::NeedMore>(next)) return std::nullopt;
        const auto* message = std::get_if<MutableBytes>(&next);
        if (message == nullptr) return Ending{"the handler wrote a bad length byte"};
        const MutableBytes packet = socket.room(path, Server::packet_size(message->size()));
        if (!server_.seal_message(id, *message, packet)) {
            socket.take_back();
            return Ending{"its nonces are used up"};
        }
        handler.bytes_out += message->size();
        bytes_out_ += message->size();
    }
}

Carried ServerLoop::read_last(ConnectionId id) {
    for (int i = 0; i < kMostLastReads && handlers_[id.slot]; ++i) on_handler_readable(id);
    return handlers_[id.slot] ? carried(id, *handlers_[id.slot]) : Carried{};
}

Carried ServerLoop::carried(ConnectionId id, const Handler& handler) const noexcept {
    const ClientConnection& connection = server_.connection(id);
    return {connection.service, connection.path, handler.started, handler.bytes_in,
            handler.bytes_out};
}

void ServerLoop::end(ConnectionId id, Ending ending) {
    const std::unique_ptr<Handler> handler = std::move(handlers_[id.slot]);
    attempt([&] {
        const Carried carried = this->carried(id, *handler);
        reporter_.on_end(server_.connection(id), carried, handler->process.dropped_frames(),
                         ending.reason, ending.by);
        children_.on_connection_end(handler->process.pid(), carried);
    });
    server_.on_handler_end(id);
    wipe_traces();
    stop_where_drained();
}

void ServerLoop::on_deadline() {
    const TimePoint time = now();
    server_.set_today(day_of(wall_time()));
    server_.on_deadline(time);
    end_idle(time);
    serve_strangers(time);
}

void ServerLoop::reserve_nonces() {
    for (std::size_t host = 0; host < keys_.size(); ++host) reserve_nonces(host);
}

void ServerLoop::reserve_nonces(std::size_t host) {
    if (server_.nonces_left(host) > kNonceBlock / 2 || no_nonces_lately()) return;
    // The rest of the old block is given up; counters are plenty.
    const auto taken = keys_[host].try_take_nonce_counters(kNonceBlock);
    if (const auto* first = std::get_if<std::uint64_t>(&taken)) {
        server_.add_nonces(*first, kNonceBlock, host);
    } else {
        const auto& error = std::get<StartError>(taken);
        no_nonces_since_ = now();
        reporter_.on_nonce_error(error.error());
        reporter_.log().error("no nonces reserved: ", error.what());
    }
}

bool ServerLoop::no_nonces_lately() const noexcept {
    return no_nonces_since_ && now() - *no_nonces_since_ < kNoncePause;
}

}  // namespace curvecp::daemon
