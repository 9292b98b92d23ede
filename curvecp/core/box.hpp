// Boxes: XSalsa20-Poly1305, a tag of 16 bytes in front of the ciphertext. The plaintext may lie in
// the box's own place behind the tag, on the way in and on the way out: nothing is copied then.
#pragma once

#include "curvecp/core/nonce.hpp"

namespace curvecp {

inline constexpr std::size_t kBoxOverhead = 16;  // specification: the tag

// A box of X bytes of plaintext, in layouts.
[[nodiscard]] consteval std::size_t box_size(std::size_t plaintext_size) {
    return plaintext_size + kBoxOverhead;
}

// Fills `box`, which is kBoxOverhead longer than the plaintext. The plaintext lies either apart
// from the box or exactly at box.subspan(kBoxOverhead).
void seal(MutableBytes box, Bytes plaintext, const Nonce& nonce, const SharedKey& key) noexcept;
void seal(MutableBytes box, Bytes plaintext, const Nonce& nonce, const MinuteKey& key) noexcept;

// Fills `plaintext`, which is kBoxOverhead shorter than the box and lies as for seal(). False, and
// the plaintext untouched, where the box was not sealed with this nonce and key.
[[nodiscard]] bool open(MutableBytes plaintext, Bytes box, const Nonce& nonce,
                        const SharedKey& key) noexcept;
[[nodiscard]] bool open(MutableBytes plaintext, Bytes box, const Nonce& nonce,
                        const MinuteKey& key) noexcept;

// Opens a box in its place; the plaintext is box.subspan(kBoxOverhead). A box shorter than its tag
// does not open.
[[nodiscard]] std::optional<MutableBytes> open_in_place(MutableBytes box, const Nonce& nonce,
                                                        const SharedKey& key) noexcept;

}  // namespace curvecp
