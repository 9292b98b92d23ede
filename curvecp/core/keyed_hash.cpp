#include "curvecp/core/keyed_hash.hpp"

#include "curvecp/core/endian.hpp"
#include "curvecp/core/random.hpp"

#include <sodium.h>

namespace curvecp {

static_assert(crypto_shorthash_KEYBYTES == 16);

KeyedHash::KeyedHash() noexcept {
    fill_random(key_);
}

std::size_t KeyedHash::of(Bytes bytes) const noexcept {
    std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
    static_cast<void>(crypto_shorthash(hash.data(), bytes.data(), bytes.size(), key_.data()));
    return load_le<std::uint64_t>(hash);
}

}  // namespace curvecp
