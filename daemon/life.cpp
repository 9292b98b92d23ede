#include "daemon/life.hpp"

#include "curvecp/posix/clock.hpp"

#include <csignal>

namespace curvecp::daemon {
namespace {

// Ours, because the connections' packets wait meanwhile.
constexpr std::uint32_t kRowsARound = 64;
// Ours, because a service manager only shows it.
constexpr Duration kStatusPause = std::chrono::seconds(1);

std::string status_line(std::size_t connections, bool draining) {
    return std::to_string(connections) + (connections == 1 ? " connection" : " connections") +
           (draining ? ", no new ones" : "");
}

}  // namespace

Life::Life(EventLoop& loop, ServerLoop& server, Log& log, Duration drain_timeout)
    : loop_(loop),
      server_(&server),
      log_(log),
      drain_timeout_(drain_timeout),
      notifier_(loop),
      end_of_drain_(loop, [this] { stop(); }),
      next_rows_(loop, [this] { continue_dump(); }),
      next_status_(loop, [] {}),
      before_wait_(loop, [this] { tell_connections(); }),
      on_term_(loop, SIGTERM, [this] { on_end_signal(); }),
      on_int_(loop, SIGINT, [this] { on_end_signal(); }),
      on_quit_(loop, SIGQUIT, [this] { stop(); }),
      on_usr1_(loop, SIGUSR1, [this] { begin_dump(); }) {
    notifier_.ready(status_line(0, false));
}

void Life::on_end_signal() {
    if (drain_timeout_ == Duration(0) || server_ == nullptr || server_->draining()) {
        stop();
    } else {
        drain();
    }
}

void Life::stop() {
    notifier_.stopping();
    loop_.stop();
}

void Life::drain() {
    if (server_ == nullptr) return;
    if (drain_timeout_ > Duration(0)) end_of_drain_.set(now() + drain_timeout_);
    notifier_.stopping();
    server_->drain();
}

void Life::on_reloaded() {
    if (server_ == nullptr) return;
    notifier_.ready(status_line(server_->connections(), server_->draining()));
}

void Life::begin_dump() {
    if (server_ == nullptr) return;
    log_.notice("status: ", status_line(server_->connections(), server_->draining()));
    if (server_->connections() == 0) return;
    log_.notice(status_header());
    next_slot_ = 0;
    continue_dump();
}

void Life::continue_dump() {
    if (server_ == nullptr || !next_slot_) return;
    const TimePoint time = now();
    const std::uint32_t end = std::min(*next_slot_ + kRowsARound, server_->slots());
    for (; *next_slot_ < end; ++*next_slot_) {
        if (const auto status = server_->status(ConnectionId{*next_slot_}, time)) {
            log_.notice(status_row(*status));
        }
    }
    if (end >= server_->slots()) {
        next_slot_.reset();
    } else {
        next_rows_.set(time);
    }
}

void Life::tell_connections() {
    if (!notifier_.active() || server_ == nullptr) return;
    const std::size_t connections = server_->connections();
    if (connections == connections_told_) return;
    const TimePoint time = now();
    if (time - told_at_ < kStatusPause) {
        next_status_.set(told_at_ + kStatusPause);  // and look again
        return;
    }
    told_at_ = time;
    connections_told_ = connections;
    notifier_.status(status_line(connections, server_->draining()));
}

}  // namespace curvecp::daemon
