// Unpredictable bytes. Tests make them repeat with a seeded libsodium implementation.
#pragma once

#include "curvecp/core/bytes.hpp"

namespace curvecp {

// Starts libsodium; false where it cannot run. Each program calls it first.
[[nodiscard]] bool start_cryptography() noexcept;

void fill_random(MutableBytes bytes) noexcept;
[[nodiscard]] std::uint64_t random_u64() noexcept;
// Uniform in 0..bound-1; 0 where bound is 0 or 1.
[[nodiscard]] std::uint32_t random_below(std::uint32_t bound) noexcept;

}  // namespace curvecp
