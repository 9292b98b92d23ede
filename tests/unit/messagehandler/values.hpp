// Values that several tests write down.
#pragma once

#include "curvecp/core/time.hpp"
#include "messagehandler/range_set.hpp"

namespace curvecp::messagehandler {

inline constexpr TimePoint kStart{std::chrono::seconds(1000)};

constexpr Range range(std::uint64_t begin, std::uint64_t end) {
    return {{begin}, {end}};
}

}  // namespace curvecp::messagehandler
