#include "daemon/event_stream.hpp"

#include "curvecp/core/json.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>

namespace curvecp::daemon {
namespace {

std::string error_line(const std::string& what) {
    JsonObject line;
    line.add("v", 1).add("error", std::string_view(what));
    return std::move(line).take() + "\n";
}

// Unlike one that only sends nothing more, and goes on reading.
bool has_hung_up(int fd) noexcept {
    pollfd state{.fd = fd, .events = 0, .revents = 0};
    return poll(&state, 1, 0) > 0 &&
           (static_cast<unsigned>(state.revents) & (static_cast<unsigned>(POLLHUP) | POLLERR)) != 0;
}

}  // namespace

EventStream::Subscriber::Subscriber(EventStream& stream, Fd descriptor, EventMask wanted)
    : fd(std::move(descriptor)),
      mask(wanted),
      writer(stream.loop_, fd.get(), kBuffer, [this, &stream] { stream.on_change(*this); }) {}

EventStream::~EventStream() {
    tell({.kind = EventKind::MonitorStopped});
}

void EventStream::listen(const std::string& path) {
    listeners_.push_back(std::make_unique<UnixListener>(
        loop_, path, [this](Fd fd) { subscribe(std::move(fd), EventMask::all()); }));
}

void EventStream::write_to(int fd) {
    Fd own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!own || !set_nonblocking(own.get())) {
        throw StartError("descriptor " + std::to_string(fd), errno);
    }
    add(std::move(own), EventMask::all(), false);
}

void EventStream::subscribe(Fd fd, EventMask mask) {
    if (subscribers_.size() >= kMostSubscribers) remove_gone();
    add(std::move(fd), mask, true);
    if (subscribers_.size() <= kMostSubscribers) return;
    static_cast<void>(subscribers_.back()->writer.write(error_line("too many subscribers")));
    subscribers_.pop_back();
}

void EventStream::add(Fd fd, EventMask mask, bool listens) {
    subscribers_.push_back(std::make_unique<Subscriber>(*this, std::move(fd), mask));
    Subscriber& added = *subscribers_.back();
    if (!listens) return;
    added.readable.emplace(
        loop_, added.fd.get(), Readiness::Readable, [this, &added] { on_input(added); },
        [this, &added] { remove(added); });
}

void EventStream::tell(const Event& event) noexcept {
    ++told_[static_cast<std::size_t>(event.kind)];
    try {
        std::string line;
        for (const auto& subscriber : subscribers_) {
            if (!subscriber->mask.contains(event.kind)) continue;
            if (line.empty()) line = to_json(event, wall_time()) + "\n";
            send(*subscriber, line);
        }
    } catch (const std::bad_alloc&) {
        ++lost_;
    }
}

void EventStream::send(Subscriber& subscriber, std::string_view line) {
    if (tell_lost(subscriber) && subscriber.writer.write(line)) return;
    ++subscriber.lost;
    ++lost_;
}

bool EventStream::tell_lost(Subscriber& subscriber) noexcept {
    if (subscriber.lost == 0) return true;
    try {
        const std::string line = lost_events_json(subscriber.lost, wall_time()) + "\n";
        if (!subscriber.writer.write(line)) return false;
    } catch (const std::bad_alloc&) {
        return false;
    }
    subscriber.lost = 0;
    return true;
}

void EventStream::on_change(Subscriber& subscriber) {
    if (subscriber.writer.broken()) {
        remove(subscriber);
    } else {
        tell_lost(subscriber);
    }
}

void EventStream::on_input(Subscriber& subscriber) {
    switch (subscriber.input.read(subscriber.fd.get())) {
        case LineInput::State::Waiting:
            return;
        case LineInput::State::Line:
            if (!choose(subscriber, subscriber.input.line())) return remove(subscriber);
            subscriber.input = {};
            return;
        case LineInput::State::End:
            if (has_hung_up(subscriber.fd.get())) return remove(subscriber);
            if (!choose(subscriber, subscriber.input.line())) return remove(subscriber);
            subscriber.readable->stop();
            return;
        case LineInput::State::TooLong:
            return remove(subscriber);
    }
}

bool EventStream::choose(Subscriber& subscriber, std::string_view text) noexcept {
    const auto parsed = parse_event_mask(text);
    if (const auto* mask = std::get_if<EventMask>(&parsed)) {
        if (!text.empty()) subscriber.mask = *mask;
        return true;
    }
    try {
        const std::string name(std::get<std::string_view>(parsed));
        static_cast<void>(subscriber.writer.write(error_line("no such event: " + name)));
    } catch (const std::bad_alloc&) {  // then without a word
    }
    return false;
}

void EventStream::remove(const Subscriber& subscriber) {
    const auto found = std::find_if(subscribers_.begin(), subscribers_.end(),
                                    [&](const auto& one) { return one.get() == &subscriber; });
    if (found != subscribers_.end()) subscribers_.erase(found);
}

void EventStream::remove_gone() {
    std::erase_if(subscribers_, [](const auto& one) { return has_hung_up(one->fd.get()); });
}

}  // namespace curvecp::daemon
