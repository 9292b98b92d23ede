#include "curvecp/core/replay_window.hpp"

namespace curvecp {

ReplayWindow::Verdict ReplayWindow::check(NonceCounter nonce) const noexcept {
    if (empty_ || nonce.value > newest_) return Verdict::Newest;
    if (newest_ - nonce.value >= kSize) return Verdict::TooOld;
    const std::uint64_t word = seen_[(nonce.value / kWordBits) % kWords];
    return ((word >> (nonce.value % kWordBits)) & 1U) != 0 ? Verdict::Repeated : Verdict::Late;
}

void ReplayWindow::accept(NonceCounter nonce) noexcept {
    if (empty_ || nonce.value > newest_) {
        clear_up_to(nonce.value / kWordBits);
        newest_ = nonce.value;
        empty_ = false;
    }
    seen_[(nonce.value / kWordBits) % kWords] |= std::uint64_t{1} << (nonce.value % kWordBits);
}

void ReplayWindow::clear_up_to(std::uint64_t word) noexcept {
    const std::uint64_t newest_word = newest_ / kWordBits;
    const std::uint64_t steps = empty_ ? 0 : std::min(word - newest_word, kWords);
    for (std::uint64_t i = 0; i < steps; ++i) seen_[(word - i) % kWords] = 0;
}

}  // namespace curvecp
