#include "curvecp/core/replay_window.hpp"

#include <new>

namespace curvecp {

ReplayWindow::Verdict ReplayWindow::check(NonceCounter nonce) const noexcept {
    if (recent_ == 0 || nonce.value > newest_) return Verdict::Newest;
    if (newest_ - nonce.value >= kSize) return Verdict::TooOld;
    return seen(nonce.value) ? Verdict::Repeated : Verdict::Late;
}

bool ReplayWindow::seen(std::uint64_t nonce) const noexcept {
    if (bitmap_) {
        const std::uint64_t word = (*bitmap_)[(nonce / kWordBits) % kWords];
        return ((word >> (nonce % kWordBits)) & 1U) != 0;
    }
    const std::uint64_t age = newest_ - nonce;
    return age < kWordBits ? ((recent_ >> age) & 1U) != 0 : nonce >= solid_from_;
}

void ReplayWindow::accept(NonceCounter nonce) noexcept {
    const bool first = recent_ == 0;
    if (first) solid_from_ = nonce.value;
    if (first || nonce.value > newest_) {
        if (!first && !bitmap_ && !recent_suffices_for(nonce.value) && !make_bitmap()) {
            solid_from_ = 0;
        }
        if (bitmap_) {
            move_bitmap(nonce.value);
        } else {
            move_recent(nonce.value);
        }
    } else if (!bitmap_ && nonce.value + 1 == solid_from_) {
        solid_from_ = nonce.value;
    } else if (!bitmap_ && newest_ - nonce.value >= kWordBits && !make_bitmap()) {
        solid_from_ = 0;
    }
    mark(nonce.value);
}

// Whether the nonces that leave `recent_` for this newest one were seen from solid_from_ on, and
// not seen before.
bool ReplayWindow::recent_suffices_for(std::uint64_t newest) const noexcept {
    const std::uint64_t steps = newest - newest_;
    if (steps >= kSize) return true;
    if (steps > kWordBits) return false;                // nonces between were not seen
    const std::uint64_t solid = newest_ - solid_from_;  // and the newest itself
    const std::uint64_t expected =
        solid >= kWordBits - 1 ? ~std::uint64_t{0} : (std::uint64_t{2} << solid) - 1;
    return ((recent_ ^ expected) >> (kWordBits - steps)) == 0;
}

void ReplayWindow::move_recent(std::uint64_t newest) noexcept {
    const std::uint64_t steps = newest - newest_;
    if (steps >= kSize) solid_from_ = newest;
    recent_ = steps >= kWordBits ? 0 : recent_ << steps;
    newest_ = newest;
}

bool ReplayWindow::make_bitmap() noexcept {
    std::unique_ptr<Bitmap> made;
    try {
        made = std::make_unique<Bitmap>();
    } catch (const std::bad_alloc&) {
        return false;
    }
    for (std::uint64_t age = 0; age < kSize && age <= newest_; ++age) {
        const std::uint64_t nonce = newest_ - age;
        if (!seen(nonce)) continue;
        (*made)[(nonce / kWordBits) % kWords] |= std::uint64_t{1} << (nonce % kWordBits);
    }
    bitmap_ = std::move(made);
    return true;
}

void ReplayWindow::move_bitmap(std::uint64_t newest) noexcept {
    const std::uint64_t word = newest / kWordBits;
    const std::uint64_t steps = std::min(word - newest_ / kWordBits, kWords);
    for (std::uint64_t i = 0; i < steps; ++i) (*bitmap_)[(word - i) % kWords] = 0;
    newest_ = newest;
    if (steps > 0) drop_bitmap_without_gaps();
}

// When the newest nonce has just come into a word.
void ReplayWindow::drop_bitmap_without_gaps() noexcept {
    const std::uint64_t word = newest_ / kWordBits;
    if (word < kWords - 1) return;
    for (std::uint64_t i = 1; i < kWords; ++i) {
        if ((*bitmap_)[(word - i) % kWords] != ~std::uint64_t{0}) return;
    }
    const std::uint64_t before = newest_ % kWordBits;  // of the newest's word nothing was seen
    recent_ = before + 1 >= kWordBits ? 0 : ~std::uint64_t{0} << (before + 1);
    solid_from_ = (word - (kWords - 1)) * kWordBits;
    bitmap_.reset();
}

void ReplayWindow::save(StateWriter& state) const noexcept {
    state.put_number(newest_);
    state.put_number(recent_);
    state.put_number(solid_from_);
    state.put_number(bitmap_ ? 1 : 0);
    if (!bitmap_) return;
    for (const std::uint64_t word : *bitmap_) state.put_number(word);
}

ReplayWindow ReplayWindow::load(StateReader& state) {
    ReplayWindow window;
    window.newest_ = state.get_number();
    window.recent_ = state.get_number();
    window.solid_from_ = state.get_number(window.newest_);
    if (!state.get_flag()) return window;
    if (window.recent_ == 0) throw BadState("a replay window has seen much and nothing");
    window.bitmap_ = std::make_unique<Bitmap>();
    for (std::uint64_t& word : *window.bitmap_) word = state.get_number();
    return window;
}

void ReplayWindow::mark(std::uint64_t nonce) noexcept {
    if (bitmap_) {
        (*bitmap_)[(nonce / kWordBits) % kWords] |= std::uint64_t{1} << (nonce % kWordBits);
    } else if (newest_ - nonce < kWordBits) {
        recent_ |= std::uint64_t{1} << (newest_ - nonce);
    }
}

}  // namespace curvecp
