// What anybody can cause without a key must not become a stream of events: of each reason the first
// drop is told at once, those that follow in a sum.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/drop_reason.hpp"
#include "curvecp/core/time.hpp"

namespace curvecp::daemon {

class EventSums {
  public:
    // Ours, because a person who watches wants to see that it goes on, not each packet of it.
    static constexpr Duration kPeriod = std::chrono::seconds(10);

    // True where this drop is to be told now and alone.
    [[nodiscard]] bool on_drop(TimePoint now, DropReason reason, const Path& path) noexcept;

    struct Sum {
        DropReason reason;
        std::uint64_t count;
        Path path;  // of the last
    };
    // When there is a sum to tell; nullopt where all has been told.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
    // The next one that is due, until there is none.
    [[nodiscard]] std::optional<Sum> next(TimePoint now) noexcept;

  private:
    struct Entry {
        std::optional<TimePoint> silent_until;
        std::uint64_t count = 0;
        Path path;
    };
    std::array<Entry, kDropReasons> entries_{};
};

}  // namespace curvecp::daemon
