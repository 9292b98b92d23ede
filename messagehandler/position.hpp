// Where in a byte stream: positions and ranges of them.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

namespace curvecp::messagehandler {

// A byte's number in its stream, from 0. The end of a stream has the position after its last byte,
// and is counted like one byte more.
struct StreamPosition {
    std::uint64_t value = 0;

    friend constexpr bool operator==(StreamPosition a, StreamPosition b) {
        return a.value == b.value;
    }
    friend constexpr auto operator<=>(StreamPosition a, StreamPosition b) {
        return a.value <=> b.value;
    }
    friend constexpr StreamPosition operator+(StreamPosition position, std::uint64_t bytes) {
        return {position.value + bytes};
    }
    // `a` must not be before `b`.
    friend constexpr std::uint64_t operator-(StreamPosition a, StreamPosition b) {
        return a.value - b.value;
    }
};

// Specification: a stream has at most 2^60 - 1 bytes.
inline constexpr std::uint64_t kMaxStreamSize = (std::uint64_t{1} << 60U) - 1;

// From `begin` up to, and without, `end`.
struct Range {
    StreamPosition begin;
    StreamPosition end;

    [[nodiscard]] constexpr bool empty() const { return begin >= end; }
    [[nodiscard]] constexpr std::uint64_t size() const { return empty() ? 0 : end - begin; }
    friend constexpr bool operator==(const Range&, const Range&) = default;
};

[[nodiscard]] constexpr Range intersection(Range a, Range b) {
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

// How a stream ends.
enum class Ending : std::uint8_t { Success, Failure };

}  // namespace curvecp::messagehandler
