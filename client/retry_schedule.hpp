// When to send the next Hello, and to which of the server's addresses. Specification: client.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/time.hpp"

#include <span>
#include <vector>

namespace curvecp::client {

inline constexpr std::size_t kMaxServerAddresses = 8;  // specification

// The list is shuffled once, and cycled where it is shorter than the tries. Each wait is longer
// than the last and jittered.
class RetrySchedule {
  public:
    static constexpr std::size_t kMaxHellos = 8;  // ours, because the reference gives up there too
    static constexpr double kGrowth = 1.5;        // ours, as the reference's
    // Ours, because the specification wants the first wait within 0.5 to 2 s, and all of them
    // together must be well below the 60 s in which a server expects the first message.
    static constexpr Duration kFirstWait = std::chrono::milliseconds(750);
    static constexpr double kMaxJitter = 0.45;  // ours, because it must stay below the growth

    // The first Hello is due at `start`. 1..kMaxServerAddresses addresses.
    RetrySchedule(TimePoint start, std::vector<Address> addresses);

    // Where to send a Hello now; nullopt where none is due.
    [[nodiscard]] std::optional<Address> next(TimePoint now);
    // When to call next(), or after the last Hello, when to give up.
    [[nodiscard]] TimePoint next_deadline() const noexcept { return due_; }
    [[nodiscard]] bool gave_up(TimePoint now) const noexcept {
        return hellos_ == kMaxHellos && now >= due_;
    }

    // There may be nobody at an address that was asked. An address that was never asked gets its
    // turn at once; the tries after it keep their time, so that forged hints cannot end anything.
    void hurry(TimePoint now) noexcept;

    // The addresses that were asked at least once.
    [[nodiscard]] std::span<const Address> asked() const noexcept;

  private:
    std::vector<Address> addresses_;
    std::size_t hellos_ = 0;
    TimePoint due_;
    Duration saved_{};  // by hurry(), to be waited after the next Hello
};

}  // namespace curvecp::client
