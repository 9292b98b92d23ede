// Which packets of a connection have been seen: each nonce is accepted once, within a sliding
// window behind the newest; older ones are dropped. Where packets come about in order, a few words
// know all; only where a nonce is missing that is older than the last 64 does the window need a
// bitmap of its whole length: in a ring of words, as in RFC 6479.
#pragma once

#include "curvecp/core/nonce.hpp"
#include "curvecp/core/state.hpp"

#include <memory>

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
    // Remembers the nonce of an authenticated packet that check() called Newest or Late. Where
    // there is no memory for a bitmap, nonces older than the last 64 count as seen from then on.
    void accept(NonceCounter nonce) noexcept;

    void save(StateWriter& state) const noexcept;
    // Throws BadState.
    [[nodiscard]] static ReplayWindow load(StateReader& state);

    // How much there is beside the window itself, for tests.
    [[nodiscard]] bool has_bitmap() const noexcept { return bitmap_ != nullptr; }

  private:
    static constexpr std::uint64_t kWordBits = 64;
    // One word more than the window, so that a word is cleared before it is needed again.
    static constexpr std::uint64_t kWords = kSize / kWordBits + 1;
    using Bitmap = std::array<std::uint64_t, kWords>;

    [[nodiscard]] bool seen(std::uint64_t nonce) const noexcept;
    [[nodiscard]] bool recent_suffices_for(std::uint64_t newest) const noexcept;
    void move_recent(std::uint64_t newest) noexcept;
    bool make_bitmap() noexcept;
    void move_bitmap(std::uint64_t newest) noexcept;
    void drop_bitmap_without_gaps() noexcept;
    void mark(std::uint64_t nonce) noexcept;

    std::uint64_t newest_ = 0;
    // Without a bitmap: bit i stands for newest_ - i, and of older nonces just those from
    // `solid_from_` on were seen, which is never above newest_.
    std::uint64_t recent_ = 0;  // zero before the first packet alone
    std::uint64_t solid_from_ = 0;
    // With one it stands for all nonces of the window.
    std::unique_ptr<Bitmap> bitmap_;
};

}  // namespace curvecp
