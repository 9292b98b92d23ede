#include "tests/simulation/event_queue.hpp"

#include <algorithm>

namespace curvecp::simulation {

Timer::Timer(EventQueue& queue, std::function<void()> fire)
    : queue_(queue), id_(++queue.timers_made_), fire_(std::move(fire)) {
    queue_.timers_[id_] = this;
}

Timer::~Timer() {
    queue_.timers_.erase(id_);
}

void Timer::set(std::optional<TimePoint> due) {
    due_ = due;
    if (!due_ || (queued_ && *queued_ <= *due_)) return;
    queued_ = std::max(*due_, queue_.now_);
    queue_.push({*queued_, ++queue_.events_made_, id_, {}});
}

void EventQueue::at(TimePoint time, std::function<void()> call) {
    push({std::max(time, now_), ++events_made_, 0, std::move(call)});
}

void EventQueue::push(Event event) {
    events_.push_back(std::move(event));
    std::push_heap(events_.begin(), events_.end());
}

void EventQueue::step() {
    std::pop_heap(events_.begin(), events_.end());
    const Event event = std::move(events_.back());
    events_.pop_back();
    now_ = event.time;
    if (event.timer == 0) {
        event.call();
    } else {
        fire(event.timer, event.time);
    }
}

void EventQueue::fire(std::uint64_t id, TimePoint time) {
    const auto found = timers_.find(id);
    if (found == timers_.end()) return;
    Timer& timer = *found->second;
    if (timer.queued_ != time) return;  // it was set to an earlier time meanwhile
    timer.queued_.reset();
    if (!timer.due_) return;
    if (*timer.due_ > now_) return timer.set(timer.due_);
    timer.due_.reset();
    timer.fire_();
}

}  // namespace curvecp::simulation
