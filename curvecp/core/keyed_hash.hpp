// A hash whose values nobody outside can choose: SipHash under a random key. For tables of keys
// that strangers make up.
#pragma once

#include "curvecp/core/keys.hpp"

namespace curvecp {

class KeyedHash {
  public:
    // Each hash has a key of its own; copies share it.
    KeyedHash() noexcept;

    [[nodiscard]] std::size_t operator()(const PublicKey& key) const noexcept {
        return of(key.bytes());
    }
    [[nodiscard]] std::size_t of(Bytes bytes) const noexcept;

  private:
    std::array<std::uint8_t, 16> key_{};
};

}  // namespace curvecp
