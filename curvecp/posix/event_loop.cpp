#include "curvecp/posix/event_loop.hpp"

#include "curvecp/posix/caught_signals.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>

#include <ev.h>

#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace curvecp {
namespace {

// The one form of all callbacks: the watcher's data is our std::function.
template <class Watcher>
void call(struct ev_loop* /*loop*/, Watcher* watcher, int /*events*/) {
    (*static_cast<std::function<void()>*>(watcher->data))();
}

// What libev cannot do without, such as a descriptor for signals. Its own way out is abort().
void on_system_error(const char* what) noexcept {
    static_cast<void>(std::fprintf(stderr, "%s: fatal: %s: %s\n", program_invocation_short_name,
                                   what, std::strerror(errno)));
    _exit(kExitFailure);
}

Fd make_timer() {
    Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer) throw StartError("cannot create a timer", errno);
    return timer;
}

itimerspec absolute(TimePoint at) noexcept {
    // All zeros would switch the timer off.
    const auto since_start = std::max(at.time_since_epoch(), Duration(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_start);
    itimerspec time{};
    time.it_value.tv_sec = seconds.count();
    time.it_value.tv_nsec = (since_start - seconds).count();
    return time;
}

}  // namespace

EventLoop::EventLoop() : loop_(ev_loop_new(unsigned{EVBACKEND_EPOLL} | EVFLAG_NOENV)) {
    if (loop_ == nullptr) throw StartError("cannot create an event loop", errno);
    ev_set_syserr_cb(on_system_error);
}

EventLoop::~EventLoop() {
    ev_loop_destroy(loop_);
}

void EventLoop::run() {
    stopping_ = false;
    ev_run(loop_, 0);
    if (!failure_.empty()) throw StartError(failure_);
}

void EventLoop::run_once() {
    ev_run(loop_, EVRUN_ONCE);
}

void EventLoop::poll() {
    ev_run(loop_, EVRUN_NOWAIT);
}

void EventLoop::stop() noexcept {
    stopping_ = true;
    ev_break(loop_, EVBREAK_ALL);
}

void EventLoop::fail(std::string what) {
    failure_ = std::move(what);
    stop();
}

IoWatcher::IoWatcher(EventLoop& loop, int fd, Readiness readiness, Callback callback,
                     Callback on_refused)
    : loop_(loop),
      callback_(std::move(callback)),
      on_refused_(std::move(on_refused)),
      watcher_(std::make_unique<ev_io>()) {
    ev_io_init(watcher_.get(), on_event, fd, readiness == Readiness::Readable ? EV_READ : EV_WRITE);
    watcher_->data = this;
    start();
}

// libev stops a watcher that the kernel refuses and tells so as an error that comes with readiness.
void IoWatcher::on_event(struct ev_loop* /*loop*/, ev_io* watcher, int events) {
    auto& self = *static_cast<IoWatcher*>(watcher->data);
    if ((static_cast<unsigned>(events) & static_cast<unsigned>(EV_ERROR)) == 0) {
        self.callback_();
    } else if (self.on_refused_) {
        self.on_refused_();
    } else {
        self.loop_.fail("the kernel does not watch a descriptor: no memory, or too many watches");
    }
}

IoWatcher::~IoWatcher() {
    stop();
}

void IoWatcher::start() noexcept {
    ev_io_start(loop_.raw(), watcher_.get());
}

void IoWatcher::stop() noexcept {
    ev_io_stop(loop_.raw(), watcher_.get());
}

bool IoWatcher::active() const noexcept {
    return ev_is_active(watcher_.get());
}

Deadline::Deadline(EventLoop& loop, Callback callback)
    : callback_(std::move(callback)),
      timer_(make_timer()),
      watcher_(loop, timer_.get(), Readiness::Readable, [this] { on_timer(); }) {}

void Deadline::set(std::optional<TimePoint> due) noexcept {
    due_ = due;
    // A timer that goes off too early finds that nothing is due.
    if (due_ && (!armed_ || *due_ < *armed_)) arm(*due_);
}

void Deadline::arm(TimePoint at) noexcept {
    const itimerspec time = absolute(at);
    // Where that fails, the next set() tries again.
    if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr) == 0) armed_ = at;
    ++system_calls_;
}

void Deadline::on_timer() {
    std::uint64_t expirations = 0;
    if (read(timer_.get(), &expirations, sizeof expirations) < 0) return;
    armed_.reset();
    if (!due_) return;
    if (*due_ > now()) {
        arm(*due_);
        return;
    }
    due_.reset();
    callback_();
}

SignalWatcher::SignalWatcher(EventLoop& loop, int signal, Callback callback)
    : loop_(loop), callback_(std::move(callback)), watcher_(std::make_unique<ev_signal>()) {
    ev_signal_init(watcher_.get(), call<ev_signal>, signal);
    watcher_->data = &callback_;
    sigaddset(&caught_signals(), signal);
    ev_signal_start(loop_.raw(), watcher_.get());
    // libev leaves a blocked signal blocked, against what its manual says.
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal);
    sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

SignalWatcher::~SignalWatcher() {
    ev_signal_stop(loop_.raw(), watcher_.get());
    sigdelset(&caught_signals(), watcher_->signum);
}

ChildReaper::ChildReaper(EventLoop& loop, Callback callback)
    : callback_(std::move(callback)), signal_(loop, SIGCHLD, [this] { reap(); }) {
    // A child that ended before the watcher was there sent its signal to nobody.
    ev_feed_signal_event(loop.raw(), SIGCHLD);
}

void ChildReaper::reap() {
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        callback_(pid, status);
    }
}

BeforeWait::BeforeWait(EventLoop& loop, Callback callback)
    : loop_(loop), callback_(std::move(callback)), watcher_(std::make_unique<ev_prepare>()) {
    ev_prepare_init(watcher_.get(), call<ev_prepare>);
    watcher_->data = &callback_;
    ev_prepare_start(loop_.raw(), watcher_.get());
}

BeforeWait::~BeforeWait() {
    ev_prepare_stop(loop_.raw(), watcher_.get());
}

}  // namespace curvecp
