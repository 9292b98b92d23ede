#include "daemon/reporter.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"

#include <cerrno>

namespace curvecp::daemon {
namespace {

// Ours, because a failure that a client can repeat must not fill the log.
constexpr Duration kFailurePause = std::chrono::seconds(10);
constexpr int kSignalStatus = 128;  // what a shell adds to a signal's number

}  // namespace

Reporter::Reporter(EventLoop& loop, Log& log, EventStream& events)
    : log_(log), events_(events), sums_due_(loop, [this] { tell_sums(); }) {}

Event Reporter::event(EventKind kind, const Path& path) const noexcept {
    Event event{.kind = kind, .remote = path.peer, .service = only_service()};
    if (path.socket >= bound_.size()) return event;
    event.local = bound_[path.socket];
    if (!path.local.is_wildcard()) event.local->ip = path.local;
    return event;
}

Event Reporter::event(EventKind kind, const ClientConnection& connection) const noexcept {
    Event event = this->event(kind, connection.path);
    event.service = service(connection.service);
    event.connection = connection.number;
    return event;
}

std::string_view Reporter::service(std::uint32_t index) const noexcept {
    return index < services_.size() ? std::string_view(services_[index]) : std::string_view();
}

void Reporter::on_listening(const Address& local, const PublicKey& key) {
    if (bound_.empty() || bound_.back() != local) bound_.push_back(local);
    const std::string hex = to_hex(key.bytes());
    log_.info("listening on ", to_text(local), ", public key ", hex);
    events_.tell(
        {.kind = EventKind::Listening, .local = local, .service = only_service(), .value = hex});
}

void Reporter::on_bind_failed(const Address& local, int error) {
    events_.tell({.kind = EventKind::BindFailed,
                  .local = local,
                  .service = only_service(),
                  .value = std::int64_t{error}});
}

void Reporter::on_dropped(TimePoint time, const Path& path, DropReason reason,
                          const PublicKey* client) {
    if (log_.tells(Verbosity::Debug)) {
        log_.debug("dropped a packet from ", to_text(path.peer), ": ", to_text(reason));
    }
    const auto drop = drop_event(reason);
    if (!drop) return;
    if (sums_.on_drop(time, reason, path)) {
        tell(path, reason, 1);
        tell_refusal(reason, *drop,
                     to_text(path.peer) +
                         (client == nullptr ? "" : ", client key " + to_hex(client->bytes())));
    } else {
        sums_due_.set(sums_.next_deadline());
    }
}

std::optional<DropEvent> Reporter::drop_event(DropReason reason) const noexcept {
    if (reason == DropReason::HandlerNotStarted) {
        return DropEvent{EventKind::AcceptFailed, std::int64_t{accept_error_}};
    }
    if (reason == DropReason::NoNonces) {
        return DropEvent{EventKind::HandshakeFailedNoDetail, std::int64_t{nonce_error_}};
    }
    return event_of(reason);
}

void Reporter::tell(const Path& path, DropReason reason, std::uint64_t count) {
    const auto drop = drop_event(reason);
    Event told = event(drop->kind, path);
    told.value = drop->value;
    told.count = count;
    events_.tell(told);
}

void Reporter::tell_sums() {
    const TimePoint time = now();
    while (const auto sum = sums_.next(time)) {
        tell(sum->path, sum->reason, sum->count);
        tell_refusal(sum->reason, *drop_event(sum->reason), std::to_string(sum->count) + " more");
    }
    sums_due_.set(sums_.next_deadline());
}

// What an operator wants to hear of: a limit is reached, or a rule turns somebody away. A flood of
// strangers is neither.
void Reporter::tell_refusal(DropReason reason, const DropEvent& event, const std::string& who) {
    const bool limit = event.kind == EventKind::LimitReached && reason != DropReason::Crowded;
    if (limit || reason == DropReason::AuthorizerFailed) {
        log_.error("limit: ", to_text(reason), ": refused ", who);
    } else if (event.kind == EventKind::HandshakeFailedAuth) {
        log_.info("refused ", who, ": ", to_text(reason));
    }
}

void Reporter::on_reload(const std::string& trouble) {
    if (!trouble.empty()) {
        log_.error("the old rules stay: ", trouble);
        return;
    }
    log_.info("the rules were read again");
    events_.tell({.kind = EventKind::RulesReloaded});
}

void Reporter::on_out_of_memory(const Path& path) {
    if (!on_failure("out of memory")) return;
    Event told = event(EventKind::HandshakeFailedNoDetail, path);
    told.value = std::int64_t{ENOMEM};
    events_.tell(told);
}

void Reporter::on_accepted(const ClientConnection& connection, pid_t handler) {
    const std::string key = to_hex(connection.client_long_term.bytes());
    log_.info("connection ", connection.number, ": start, from ", to_text(connection.path.peer),
              ", client key ", key, ", handler ", handler);
    Event told = event(EventKind::HandshakeSucceeded, connection);
    told.value = key;
    events_.tell(told);
    events_.tell(event(EventKind::Accepted, connection));
    told.kind = EventKind::ProgramStarted;
    told.value = std::int64_t{handler};
    events_.tell(told);
}

void Reporter::on_moved(const ClientConnection& connection, const Path& from) {
    const std::string before = to_text(from.peer);
    Event told = event(EventKind::AddressChanged, connection);
    told.value = before;
    events_.tell(told);
}

void Reporter::on_end(const ClientConnection& connection, const Carried& carried,
                      std::uint64_t dropped_frames, std::string_view reason, EndedBy by) {
    Event told =
        event(by == EndedBy::Handler ? EventKind::Closed : EventKind::Disconnected, connection);
    told.value = reason;
    events_.tell(told);
    if (!log_.tells(Verbosity::Connections)) return;
    log_.info("connection ", connection.number, ": end, ", reason, ", after ",
              now() - carried.start, ", from ", to_text(connection.path.peer), ", client key ",
              to_hex(connection.client_long_term.bytes()), ", ", carried.bytes_in, " bytes in, ",
              carried.bytes_out, " bytes out, ", dropped_frames, " messages dropped");
}

void Reporter::on_program_exit(std::uint64_t connection, const Carried& carried, int wait_status) {
    const auto signal = signal_of(wait_status);
    const int code = exit_code_of(wait_status).value_or(0);
    if (signal) {
        log_.info("connection ", connection, ": handler killed by signal ", *signal);
    } else if (code != 0) {
        log_.info("connection ", connection, ": handler exited with ", code);
    }
    Event told = event(EventKind::ProgramExited, carried.path);
    told.service = service(carried.service);
    told.connection = connection;
    told.value = std::int64_t{signal ? kSignalStatus + *signal : code};
    told.program = ProgramEnd{.signal = signal,
                              .bytes_in = carried.bytes_in,
                              .bytes_out = carried.bytes_out,
                              .duration = now() - carried.start};
    events_.tell(told);
}

bool Reporter::on_failure(const std::string& what) {
    const TimePoint time = now();
    if (failure_told_ && time - *failure_told_ < kFailurePause) return false;
    failure_told_ = time;
    log_.error(what);
    return true;
}

}  // namespace curvecp::daemon
