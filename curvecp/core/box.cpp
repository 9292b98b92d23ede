#include "curvecp/core/box.hpp"

#include <cassert>

#include <sodium.h>

namespace curvecp {
namespace {

static_assert(kBoxOverhead == crypto_box_MACBYTES && kBoxOverhead == crypto_secretbox_MACBYTES);

// crypto_box with a shared key and crypto_secretbox are the same construction.
void seal_with(MutableBytes box, Bytes plaintext, const Nonce& nonce,
               FixedBytes<kKeySize> key) noexcept {
    assert(box.size() == plaintext.size() + kBoxOverhead);
    // It fails for no input of these sizes.
    static_cast<void>(crypto_secretbox_detached(box.data() + kBoxOverhead, box.data(),
                                                plaintext.data(), plaintext.size(),
                                                nonce.bytes().data(), key.data()));
}

bool open_with(MutableBytes plaintext, Bytes box, const Nonce& nonce,
               FixedBytes<kKeySize> key) noexcept {
    assert(box.size() == plaintext.size() + kBoxOverhead);
    return crypto_secretbox_open_detached(plaintext.data(), box.data() + kBoxOverhead, box.data(),
                                          plaintext.size(), nonce.bytes().data(), key.data()) == 0;
}

}  // namespace

void seal(MutableBytes box, Bytes plaintext, const Nonce& nonce, const SharedKey& key) noexcept {
    seal_with(box, plaintext, nonce, key.reveal());
}

void seal(MutableBytes box, Bytes plaintext, const Nonce& nonce, const MinuteKey& key) noexcept {
    seal_with(box, plaintext, nonce, key.reveal());
}

bool open(MutableBytes plaintext, Bytes box, const Nonce& nonce, const SharedKey& key) noexcept {
    return open_with(plaintext, box, nonce, key.reveal());
}

bool open(MutableBytes plaintext, Bytes box, const Nonce& nonce, const MinuteKey& key) noexcept {
    return open_with(plaintext, box, nonce, key.reveal());
}

std::optional<MutableBytes> open_in_place(MutableBytes box, const Nonce& nonce,
                                          const SharedKey& key) noexcept {
    if (box.size() < kBoxOverhead) return std::nullopt;
    const MutableBytes plaintext = box.subspan(kBoxOverhead);
    if (!open(plaintext, box, nonce, key)) return std::nullopt;
    return plaintext;
}

}  // namespace curvecp
