#include "curvecp/core/keys.hpp"

#include <sodium.h>

namespace curvecp {

static_assert(kKeySize == crypto_box_PUBLICKEYBYTES && kKeySize == crypto_box_SECRETKEYBYTES &&
              kKeySize == crypto_box_BEFORENMBYTES && kKeySize == crypto_secretbox_KEYBYTES);

KeyPair make_key_pair() {
    KeyPair pair;
    crypto_box_keypair(pair.public_key.bytes().data(), pair.secret_key.reveal().data());
    return pair;
}

PublicKey public_key_of(const SecretKey& secret_key) noexcept {
    PublicKey public_key;
    // It fails for no secret key: the base point has prime order.
    static_cast<void>(
        crypto_scalarmult_base(public_key.bytes().data(), secret_key.reveal().data()));
    return public_key;
}

std::optional<SharedKey> make_shared_key(const PublicKey& theirs, const SecretKey& ours) noexcept {
    SharedKey shared;
    if (crypto_box_beforenm(shared.reveal().data(), theirs.bytes().data(), ours.reveal().data()) !=
        0) {
        return std::nullopt;
    }
    return shared;
}

}  // namespace curvecp
