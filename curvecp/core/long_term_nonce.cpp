#include "curvecp/core/long_term_nonce.hpp"

#include "curvecp/core/random.hpp"

#include <sodium.h>

namespace curvecp {

std::optional<LongTermNonce> LongTermNonces::next() noexcept {
    if (left_ == 0) return std::nullopt;
    std::array<std::uint8_t, 16> input{};
    const MutableFixedBytes<16> bytes(input);
    store_le(next_, bytes.first<8>());
    fill_random(bytes.last<8>());
    ++next_;
    --left_;
    LongTermNonce nonce;
    const auto key = key_->reveal();
    static_cast<void>(crypto_generichash(nonce.bytes().data(), nonce.bytes().size(), input.data(),
                                         input.size(), key.data(), key.size()));
    return nonce;
}

}  // namespace curvecp
