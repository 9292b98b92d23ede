#include "curvecp/core/random.hpp"

#include "curvecp/core/endian.hpp"

#include <sodium.h>

namespace curvecp {

bool start_cryptography() noexcept {
    return sodium_init() >= 0;
}

void fill_random(MutableBytes bytes) noexcept {
    randombytes_buf(bytes.data(), bytes.size());
}

std::uint64_t random_u64() noexcept {
    std::array<std::uint8_t, 8> bytes{};
    fill_random(bytes);
    return load_le<std::uint64_t>(bytes);
}

std::uint32_t random_below(std::uint32_t bound) noexcept {
    return randombytes_uniform(bound);
}

}  // namespace curvecp
