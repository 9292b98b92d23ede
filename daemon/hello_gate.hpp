// Keeps those who are not connected from taking the time of those who are: a Hello costs the server
// a tenth of a millisecond, and anybody can send it. While others have work, Hellos get a part of
// the time; and while more come than wait for their turn, the kernel is told to let few of them
// through, because even to read and to drop them costs more than a flood may.
#pragma once

#include "curvecp/core/time.hpp"

#include <cstdint>
#include <optional>

namespace curvecp::daemon {

class HelloGate {
  public:
    // Ours, because the kernel then reads them away faster than any link brings them.
    static constexpr unsigned kMostShift = 8;

    // --- the part of the time

    // Somebody who is connected has sent something, or something was sent to him.
    void on_work(TimePoint now) noexcept { worked_ = now; }
    [[nodiscard]] bool may_serve(TimePoint now) const noexcept {
        return now >= next_ || now - worked_ > kBusy;
    }
    void on_served(TimePoint began, TimePoint ended) noexcept {
        next_ = ended + kPause * (ended - began);
    }
    // When one may be served at the latest.
    [[nodiscard]] TimePoint next() const noexcept { return next_; }

    // --- what the kernel lets through: one of 2^shift

    void on_hello(bool found_room) noexcept { ++(found_room ? waited_ : crowded_); }
    // The new shift, where it is another one.
    [[nodiscard]] std::optional<unsigned> judge(TimePoint now) noexcept;
    // When to judge again though nothing comes.
    [[nodiscard]] std::optional<TimePoint> deadline() const noexcept {
        return shift_ == 0 ? std::nullopt : std::optional(judged_ + kPeriod);
    }

  private:
    // All ours.
    static constexpr Duration kBusy = std::chrono::milliseconds(5);
    static constexpr int kPause = 7;  // an eighth of the time
    static constexpr Duration kPeriod = std::chrono::milliseconds(50);

    TimePoint worked_;
    TimePoint next_;
    TimePoint judged_;
    std::uint64_t waited_ = 0;
    std::uint64_t crowded_ = 0;  // found no room
    unsigned shift_ = 0;
};

}  // namespace curvecp::daemon
