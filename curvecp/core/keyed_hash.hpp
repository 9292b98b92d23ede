// A hash whose values nobody outside can choose: SipHash under a random key. For tables of keys
// that strangers make up.
#pragma once

#include "curvecp/core/keys.hpp"
#include "curvecp/core/state.hpp"

namespace curvecp {

class KeyedHash {
  public:
    // Each hash has a key of its own; copies share it.
    KeyedHash() noexcept;

    [[nodiscard]] std::size_t operator()(const PublicKey& key) const noexcept {
        return of(key.bytes());
    }
    [[nodiscard]] std::size_t of(Bytes bytes) const noexcept;

    void save(StateWriter& state) const noexcept { state.put(key_); }
    void load(StateReader& state) { state.get(key_); }

  private:
    std::array<std::uint8_t, 16> key_{};
};

}  // namespace curvecp
