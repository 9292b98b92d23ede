#include "daemon/handler_children.hpp"

#include "curvecp/posix/clock.hpp"

#include <csignal>

namespace curvecp::daemon {
namespace {

using std::chrono::milliseconds;

constexpr Duration kGrace = milliseconds(500);       // specification: half a second
constexpr Duration kKillGrace = milliseconds(1000);  // ours, as a program may have files to write
constexpr Duration kAfterTerm = milliseconds(350);   // ours, because all must end within 1.2 s
constexpr Duration kAfterKill = milliseconds(200);   // ours, only the kernel's work is left

}  // namespace

HandlerChildren::HandlerChildren(EventLoop& loop, Reporter& reporter)
    : loop_(loop),
      reporter_(reporter),
      next_kill_(loop, [this] { kill_late(); }),
      wake_(loop, [] {}),
      reaper_(loop, [this](pid_t pid, int wait_status) { on_exit(pid, wait_status); }) {}

void HandlerChildren::add(pid_t pid, ConnectionId connection, std::uint64_t number) {
    children_[pid] = {number, connection};
    // The number of a group that is gone may be another's now.
    std::erase_if(terminating_, [pid](const Terminating& one) { return one.group == pid; });
}

void HandlerChildren::terminate(pid_t pid) {
    kill(-pid, SIGTERM);
    terminating_.push_back({pid, now() + kKillGrace});
    next_kill_.set(terminating_.front().kill_at);
}

// Also where the handler itself has gone: its program may still be there, and as long as it is, no
// other group can have the number.
void HandlerChildren::kill_late() {
    const TimePoint time = now();
    std::erase_if(terminating_, [time](const Terminating& one) {
        if (one.kill_at > time) return false;
        kill(-one.group, SIGKILL);
        return true;
    });
    if (!terminating_.empty()) next_kill_.set(terminating_.front().kill_at);
}

void HandlerChildren::on_exit(pid_t pid, int wait_status) {
    const auto found = children_.find(pid);
    if (found == children_.end()) {
        if (other_) other_(pid, wait_status);
        return;
    }
    const Child child = found->second;
    children_.erase(found);
    const Carried carried = carried_by(pid, child.connection);
    ended_.erase(pid);
    reporter_.on_program_exit(child.number, carried, wait_status);
}

Carried HandlerChildren::carried_by(pid_t pid, ConnectionId connection) {
    Carried so_far;
    if (!ended_.contains(pid) && last_look_) so_far = last_look_(connection);
    const auto found = ended_.find(pid);
    return found == ended_.end() ? so_far : found->second;
}

std::vector<LeavingHandler> HandlerChildren::leaving() const {
    std::vector<LeavingHandler> all;
    for (const auto& [pid, carried] : ended_) {
        const auto child = children_.find(pid);
        if (child == children_.end()) continue;
        all.push_back({pid, child->second.number, carried.service, carried.path, carried.start,
                       carried.bytes_in, carried.bytes_out});
    }
    return all;
}

void HandlerChildren::add(const LeavingHandler& leaving) {
    const auto pid = static_cast<pid_t>(leaving.pid);
    add(pid, {}, leaving.connection);
    on_connection_end(
        pid, {leaving.service, leaving.path, leaving.started, leaving.bytes_in, leaving.bytes_out});
}

void HandlerChildren::end_all() {
    const TimePoint start = now();
    if (wait_until(start + kGrace)) return;
    signal_all(SIGTERM);
    if (wait_until(start + kGrace + kAfterTerm)) return;
    signal_all(SIGKILL);
    wait_until(start + kGrace + kAfterTerm + kAfterKill);
}

bool HandlerChildren::wait_until(TimePoint deadline) {
    wake_.set(deadline);
    reaper_.reap();
    while (!children_.empty() && now() < deadline) loop_.run_once();
    return children_.empty();
}

void HandlerChildren::signal_all(int signal) const noexcept {
    for (const auto& [pid, child] : children_) kill(-pid, signal);  // its process group
}

}  // namespace curvecp::daemon
