// Nonces: 24 bytes each, a prefix that says what the box is and a rest that never repeats under
// one key. Specification: boxes and nonces.
#pragma once

#include "curvecp/core/endian.hpp"
#include "curvecp/core/keys.hpp"

#include <compare>

namespace curvecp {

using Nonce = ByteString<struct NonceTag, 24>;
// The rest of a nonce of a long-term key, see long_term_nonce.hpp.
using LongTermNonce = ByteString<struct LongTermNonceTag, 16>;

// The boxes whose nonces are counted, and those whose nonces come from a LongTermNonce.
enum class CountedBox : std::uint8_t { Hello, Initiate, ClientMessage, ServerMessage };
enum class LongTermBox : std::uint8_t { Cookie, Vouch, MinuteCookie };

// The 64-bit rest of a counted nonce, as it stands in a packet.
struct NonceCounter {
    std::uint64_t value = 0;

    [[nodiscard]] static NonceCounter load(FixedBytes<8> bytes) noexcept {
        return {load_le<std::uint64_t>(bytes)};
    }
    void store(MutableFixedBytes<8> bytes) const noexcept { store_le(value, bytes); }
    friend auto operator<=>(NonceCounter, NonceCounter) noexcept = default;
};

[[nodiscard]] Nonce make_nonce(CountedBox box, NonceCounter counter) noexcept;
[[nodiscard]] Nonce make_nonce(LongTermBox box, const LongTermNonce& rest) noexcept;

// One sender's counter for all its packets of a connection. A counter that would wrap is
// exhausted, which ends the connection.
class NonceSequence {
  public:
    explicit NonceSequence(NonceCounter first) noexcept : next_(first.value) {}
    // Starts at a random value below 2^48 (specification).
    [[nodiscard]] static NonceSequence random() noexcept;

    [[nodiscard]] std::optional<NonceCounter> next() noexcept;
    // What next() would return, or the mark of the end.
    [[nodiscard]] NonceCounter upcoming() const noexcept { return {next_}; }

  private:
    std::uint64_t next_;  // the largest value is never used: it marks the end
};

}  // namespace curvecp
