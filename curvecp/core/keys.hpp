// The keys of CurveCP, each its own type. Names of variables say whose and which:
// client_short_term, server_long_term; a shared key names both: client_short_server_long.
#pragma once

#include "curvecp/core/secret.hpp"

#include <optional>

namespace curvecp {

inline constexpr std::size_t kKeySize = 32;  // specification: Curve25519, XSalsa20

using PublicKey = ByteString<struct PublicKeyTag, kKeySize>;
using SecretKey = Secret<struct SecretKeyTag, kKeySize>;
using SharedKey = Secret<struct SharedKeyTag, kKeySize>;
using MinuteKey = Secret<struct MinuteKeyTag, kKeySize>;
using NonceKey = Secret<struct NonceKeyTag, kKeySize>;

// Routes a packet behind one address; specification: 16 bytes.
using Extension = ByteString<struct ExtensionTag, 16>;

struct KeyPair {
    PublicKey public_key;
    SecretKey secret_key;
};

[[nodiscard]] KeyPair make_key_pair();
[[nodiscard]] PublicKey public_key_of(const SecretKey& secret_key) noexcept;

// The key of all boxes between two key pairs; nullopt for a low-order public key.
[[nodiscard]] std::optional<SharedKey> make_shared_key(const PublicKey& theirs,
                                                       const SecretKey& ours) noexcept;

}  // namespace curvecp
