#include "daemon/upgrade.hpp"

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace curvecp::daemon {
namespace {

// Ours, because a program takes milliseconds, and on a machine that is very busy still not this.
constexpr Duration kCheckLimit = std::chrono::seconds(30);
constexpr int kFirstFreeForState = 10;  // beyond what prepare_descriptors() takes
constexpr int kSignals = 64;

std::uint64_t to_bits(const sigset_t& signals) noexcept {
    std::uint64_t bits = 0;
    for (int signal = 1; signal <= kSignals; ++signal) {
        if (sigismember(&signals, signal) == 1) bits |= std::uint64_t{1} << (signal - 1);
    }
    return bits;
}

void set_blocked_signals(std::uint64_t bits) noexcept {
    sigset_t signals;
    sigemptyset(&signals);
    for (int signal = 1; signal <= kSignals; ++signal) {
        if ((bits >> (signal - 1) & 1U) != 0) sigaddset(&signals, signal);
    }
    sigprocmask(SIG_SETMASK, &signals, nullptr);
}

// Those that were blocked before.
std::uint64_t block_all_signals() noexcept {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    return to_bits(before);
}

std::string ending_of(int wait_status) {
    if (const auto signal = signal_of(wait_status)) {
        return "was killed by signal " + std::to_string(*signal);
    }
    return "exited with " + std::to_string(exit_code_of(wait_status).value_or(0));
}

}  // namespace

Upgrade::Upgrade(EventLoop& loop, const Invocation& invocation, std::vector<int> inherited,
                 ServerLoop& server, HandlerChildren& children, Log& log)
    : loop_(loop),
      invocation_(invocation),
      inherited_(std::move(inherited)),
      server_(server),
      children_(children),
      log_(log),
      next_(loop, [this] { on_time(); }),
      on_usr2_(loop, SIGUSR2, [this] { begin(); }) {
    children_.set_other([this](pid_t pid, int wait_status) { on_child(pid, wait_status); });
}

Upgrade::~Upgrade() {
    children_.set_other(nullptr);
    if (checker_ > 0) kill(checker_, SIGKILL);
}

void Upgrade::begin() {
    if (copy_) return;  // one is under way
    try {
        start_check();
    } catch (const std::exception& error) {  // no memory, no descriptor
        stay(error.what());
    }
}

void Upgrade::start_check() {
    copy_.emplace(server_.save(invocation_.arguments(), 0));
    std::vector<DescriptorMapping> descriptors;
    int state = kFirstFreeForState;
    for (const int fd : inherited_) {
        descriptors.push_back({fd, fd});
        state = std::max(state, fd + 1);
    }
    descriptors.push_back({copy_->fd(), state});
    const Started started = start({.arguments = invocation_.to_check(state),
                                   .environment = current_environment(),
                                   .descriptors = descriptors});
    if (!started) return stay(invocation_.program() + ": " + std::strerror(started.error));
    checker_ = started.pid;
    next_.set(now() + kCheckLimit);
}

void Upgrade::on_child(pid_t pid, int wait_status) {
    if (pid != checker_) return;
    checker_ = -1;
    if (exit_code_of(wait_status) != 0) {
        return stay(invocation_.program() + " " + ending_of(wait_status));
    }
    // What it has read it has overwritten: so another program is told from ours.
    if (!copy_->is_wiped()) return stay(invocation_.program() + " has not read the state");
    checked_ = true;
    next_.set(now());
}

void Upgrade::on_time() {
    if (checked_) {
        hand_over();
    } else if (checker_ > 0) {
        kill(checker_, SIGKILL);  // on_child() tells of it
    }
}

void Upgrade::hand_over() {
    const std::uint64_t blocked = block_all_signals();
    loop_.poll();  // what has come before is dealt with by this program
    std::string reason = "the server stops";
    if (!loop_.stopping() && !server_.draining()) {
        try {
            reason = execute(blocked);
        } catch (const std::exception& error) {
            reason = error.what();
        }
        mark_close_on_exec();
    }
    stay(reason);
    set_blocked_signals(blocked);
}

std::string Upgrade::execute(std::uint64_t blocked_signals) {
    const MemoryFile state = server_.save(invocation_.arguments(), blocked_signals);
    const Fd old_program(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (!old_program) return std::string("/proc/self/exe: ") + std::strerror(errno);
    const auto arguments = invocation_.to_hand_over(state.fd(), old_program.get());
    const auto pointers = pointers_of(arguments);
    server_.leave_open_at_exec();
    for (const int fd : inherited_) clear_close_on_exec(fd);
    clear_close_on_exec(state.fd());
    clear_close_on_exec(old_program.get());
    execv(invocation_.program().c_str(), pointers.data());
    return invocation_.program() + ": " + std::strerror(errno);
}

void Upgrade::stay(const std::string& reason) {
    log_.error("not upgraded: ", reason);
    copy_.reset();
    checker_ = -1;
    checked_ = false;
    next_.set(std::nullopt);
}

Succession::Succession(const Invocation& invocation)
    : invocation_(invocation), state_(MemoryFile::inherited(Fd(invocation.state()))) {}

void Succession::read() {
    reader_.emplace(state_->bytes());
    load_magic(*reader_);
    loop_ = load_loop(*reader_);
}

void Succession::take_over(ServerLoop& server, Log& log) {
    try {
        server.take_over(*reader_, loop_);
    } catch (const std::exception& error) {
        give_back(log, error.what());  // while the server still has the descriptors
        throw;
    }
    state_.reset();
    Fd(invocation_.old_program()).reset();
    mark_close_on_exec();
    if (invocation_.old_program() < 0) return;  // returned: why has been told
    log.info("upgraded: ", loop_.handlers.size(), " connections go on");
}

void Succession::finish() const noexcept {
    // Executed by its descriptor, a program is called by that number.
    prctl(PR_SET_NAME, program_invocation_short_name, 0, 0, 0);
    set_blocked_signals(loop_.blocked_signals);
}

void Succession::give_back(Log& log, std::string_view reason) const {
    if (done() || invocation_.old_program() < 0) return;
    log.error("not upgraded: ", reason, "; the old program goes on");
    const auto arguments = invocation_.to_return(invocation_.state());
    const auto pointers = pointers_of(arguments);
    fexecve(invocation_.old_program(), pointers.data(), environ);
    log.error("not even the old program: ", std::strerror(errno));
}

}  // namespace curvecp::daemon
