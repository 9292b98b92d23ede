// Which packets of a connection have been seen: each nonce is accepted once, within a sliding
// window behind the newest; older ones are dropped. A bitmap in a ring of words, as in RFC 6479.
#pragma once

#include "curvecp/core/nonce.hpp"

namespace curvecp {

class ReplayWindow {
  public:
    static constexpr std::uint64_t kSize = 2048;  // specification

    enum class Verdict : std::uint8_t {
        Newest,    // above all that were seen: the sender may have moved
        Late,      // within the window and not seen
        Repeated,  // seen
        TooOld,    // behind the window
    };

    // Says what a nonce is, without remembering it: a packet may still turn out to be forged.
    [[nodiscard]] Verdict check(NonceCounter nonce) const noexcept;
    // Remembers the nonce of an authenticated packet that check() called Newest or Late.
    void accept(NonceCounter nonce) noexcept;

  private:
    static constexpr std::uint64_t kWordBits = 64;
    // One word more than the window, so that a word is cleared before it is needed again.
    static constexpr std::uint64_t kWords = kSize / kWordBits + 1;

    void clear_up_to(std::uint64_t word) noexcept;

    std::array<std::uint64_t, kWords> seen_{};
    std::uint64_t newest_ = 0;
    bool empty_ = true;
};

}  // namespace curvecp
