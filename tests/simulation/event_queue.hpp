// The virtual clock: time jumps from one event to the next. Events of the same moment happen in the
// order in which they were asked for.
#pragma once

#include "curvecp/core/time.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

namespace curvecp::simulation {

class EventQueue;

// Fires once at the time that it was last set to. What it calls may set it again or destroy it.
class Timer {
  public:
    Timer(EventQueue& queue, std::function<void()> fire);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    void set(std::optional<TimePoint> due);

  private:
    friend class EventQueue;

    EventQueue& queue_;
    std::uint64_t id_;
    std::function<void()> fire_;
    std::optional<TimePoint> due_;
    std::optional<TimePoint> queued_;  // its earliest event in the queue
};

class EventQueue {
  public:
    EventQueue() = default;
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;
    ~EventQueue() = default;

    [[nodiscard]] TimePoint now() const { return now_; }
    // What is called must live until then: use a Timer where it may not.
    void at(TimePoint time, std::function<void()> call);

    // Lets time pass until `done` holds, which is asked after every event; false where that was
    // not before `limit`.
    template <class Done>
    bool run_until(TimePoint limit, Done done) {
        while (!done()) {
            if (events_.empty() || events_.front().time > limit) {
                now_ = limit;
                return done();
            }
            step();
        }
        return true;
    }
    void run_for(Duration duration) {
        run_until(now_ + duration, [] { return false; });
    }

  private:
    friend class Timer;
    struct Event {
        TimePoint time;
        std::uint64_t number;
        std::uint64_t timer;  // 0: `call`
        std::function<void()> call;
        bool operator<(const Event& other) const {  // the heap's front is its largest
            return std::tie(time, number) > std::tie(other.time, other.number);
        }
    };

    void push(Event event);
    void step();
    void fire(std::uint64_t id, TimePoint time);

    TimePoint now_{};
    std::uint64_t events_made_ = 0;
    std::uint64_t timers_made_ = 0;
    std::vector<Event> events_;  // a heap
    std::map<std::uint64_t, Timer*> timers_;
};

}  // namespace curvecp::simulation
