#include "daemon/handler_children.hpp"

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"

#include <csignal>

namespace curvecp::daemon {
namespace {

using std::chrono::milliseconds;

constexpr Duration kGrace = milliseconds(500);      // specification: half a second
constexpr Duration kAfterTerm = milliseconds(350);  // ours, because all must end within 1.2 s
constexpr Duration kAfterKill = milliseconds(200);  // ours, only the kernel's work is left

}  // namespace

HandlerChildren::HandlerChildren(EventLoop& loop, Log& log)
    : loop_(loop),
      log_(log),
      wake_(loop, [] {}),
      reaper_(loop, [this](pid_t pid, int wait_status) { on_exit(pid, wait_status); }) {}

void HandlerChildren::on_exit(pid_t pid, int wait_status) {
    const auto found = numbers_.find(pid);
    if (found == numbers_.end()) return;
    if (const auto signal = signal_of(wait_status)) {
        log_.info("connection ", found->second, ": handler killed by signal ", *signal);
    } else if (const int code = exit_code_of(wait_status).value_or(0); code != 0) {
        log_.info("connection ", found->second, ": handler exited with ", code);
    }
    numbers_.erase(found);
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
    while (!numbers_.empty() && now() < deadline) loop_.run_once();
    return numbers_.empty();
}

void HandlerChildren::signal_all(int signal) const noexcept {
    for (const auto& [pid, number] : numbers_) kill(pid, signal);
}

}  // namespace curvecp::daemon
