// How many bytes a second a connection moves now, from a total that only grows.
#pragma once

#include "curvecp/core/time.hpp"

#include <cstdint>

namespace curvecp::daemon {

class RateMeter {
  public:
    // Ours, because a person who looks twice wants to see a change, and no single packet.
    static constexpr Duration kWindow = std::chrono::seconds(1);

    explicit RateMeter(TimePoint start) noexcept : start_(start) {}

    void sample(TimePoint now, std::uint64_t total) noexcept {
        if (now - start_ < kWindow) return;
        last_ = per_second(now, total);
        start_ = now;
        before_ = total;
    }
    // Bytes a second over the last window, or since the last sample where that is longer ago.
    [[nodiscard]] std::uint64_t rate(TimePoint now, std::uint64_t total) const noexcept {
        return now - start_ < kWindow ? last_ : per_second(now, total);
    }

  private:
    [[nodiscard]] std::uint64_t per_second(TimePoint now, std::uint64_t total) const noexcept {
        const double seconds = std::chrono::duration<double>(now - start_).count();
        return static_cast<std::uint64_t>(static_cast<double>(total - before_) / seconds);
    }

    TimePoint start_;
    std::uint64_t before_ = 0;
    std::uint64_t last_ = 0;
};

}  // namespace curvecp::daemon
