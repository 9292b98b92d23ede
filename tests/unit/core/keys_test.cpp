#include "curvecp/core/keys.hpp"

#include "curvecp/core/hex.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

// All points of low order of Curve25519 and its twist, in their encodings below 2^255.
constexpr std::array<std::string_view, 7> kLowOrderPoints{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

}  // namespace

TEST_CASE("both ends of two key pairs share one key, and nobody else does") {
    const KeyPair a = make_key_pair();
    const KeyPair b = make_key_pair();
    const KeyPair c = make_key_pair();
    const auto ab = make_shared_key(b.public_key, a.secret_key);
    const auto ba = make_shared_key(a.public_key, b.secret_key);
    const auto ac = make_shared_key(c.public_key, a.secret_key);
    REQUIRE((ab && ba && ac));
    CHECK(equal_in_constant_time(ab->reveal(), ba->reveal()));
    CHECK_FALSE(equal_in_constant_time(ab->reveal(), ac->reveal()));
}

TEST_CASE("every key pair is another") {
    CHECK(make_key_pair().public_key != make_key_pair().public_key);
}

TEST_CASE("a public key follows from its secret key") {
    const KeyPair pair = make_key_pair();
    CHECK(public_key_of(pair.secret_key) == pair.public_key);
}

TEST_CASE("a low-order public key shares no key with anybody") {
    const KeyPair pair = make_key_pair();
    for (const std::string_view point : kLowOrderPoints) {
        CAPTURE(point);
        auto key = parse_hex<PublicKey>(point);
        REQUIRE(key);
        CHECK_FALSE(make_shared_key(*key, pair.secret_key));
        key->bytes()[31] |= 0x80;  // a bit that is not looked at
        CHECK_FALSE(make_shared_key(*key, pair.secret_key));
    }
}
