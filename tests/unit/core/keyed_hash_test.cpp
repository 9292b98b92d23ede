#include "curvecp/core/keyed_hash.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

PublicKey filled_key(std::uint8_t first) {
    PublicKey key;
    key.bytes()[0] = first;
    return key;
}

}  // namespace

TEST_CASE("a hash and its copies agree, another hash does not") {
    const KeyedHash hash;
    const KeyedHash copy = hash;
    const KeyedHash other;
    std::size_t equal = 0;
    for (unsigned i = 0; i < 256; ++i) {
        const PublicKey key = filled_key(static_cast<std::uint8_t>(i));
        CHECK(hash(key) == copy(key));
        equal += static_cast<std::size_t>(hash(key) == other(key));
    }
    CHECK(equal == 0);
}

TEST_CASE("every bit of a key counts") {
    const KeyedHash hash;
    std::set<std::size_t> values{hash(PublicKey())};
    for (std::size_t bit = 0; bit < 256; ++bit) {
        PublicKey key;
        key.bytes()[bit / 8] = static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK(values.insert(hash(key)).second);
    }
}
