// The only place where integers become bytes: little-endian, as everywhere in CurveCP.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <concepts>

namespace curvecp {

template <std::unsigned_integral Integer>
[[nodiscard]] constexpr Integer load_le(FixedBytes<sizeof(Integer)> bytes) noexcept {
    Integer value = 0;
    for (std::size_t i = sizeof(Integer); i > 0; --i) {
        value = static_cast<Integer>((std::uint64_t{value} << 8U) | bytes[i - 1]);
    }
    return value;
}

template <std::unsigned_integral Integer>
constexpr void store_le(Integer value, MutableFixedBytes<sizeof(Integer)> bytes) noexcept {
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
        bytes[i] = static_cast<std::uint8_t>(std::uint64_t{value} >> (8 * i));
    }
}

}  // namespace curvecp
