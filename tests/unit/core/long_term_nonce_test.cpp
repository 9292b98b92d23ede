#include "curvecp/core/long_term_nonce.hpp"

#include "curvecp/core/hex.hpp"
#include "tests/support/seeded_random.hpp"

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

LongTermNonces nonces_of_key(std::uint8_t byte) {
    NonceKey key;
    key.reveal()[0] = byte;
    return LongTermNonces(Locked(std::move(key)));
}

// Makes the random generator give the same byte again and again.
void stick(testing::SeededRandom& random, std::size_t count) {
    random.script(std::vector<std::uint8_t>(count, 0x42));
}

std::string take(LongTermNonces& nonces) {
    const auto nonce = nonces.next();
    REQUIRE(nonce);
    return to_hex(nonce->bytes());
}

}  // namespace

TEST_CASE("without reserved counters there are no long-term nonces") {
    LongTermNonces nonces = nonces_of_key(1);
    CHECK(nonces.left() == 0);
    CHECK_FALSE(nonces.next());
}

TEST_CASE("a block of counters gives as many nonces, then no more until the next block") {
    LongTermNonces nonces = nonces_of_key(1);
    nonces.add_block(100, 3);
    for (std::uint64_t left = 3; left > 0; --left) {
        CHECK(nonces.left() == left);
        CHECK(nonces.next());
    }
    CHECK_FALSE(nonces.next());
    CHECK_FALSE(nonces.next());
    nonces.add_block(103, 1);
    CHECK(nonces.next());
    CHECK_FALSE(nonces.next());
}

TEST_CASE("long-term nonces never repeat") {
    LongTermNonces nonces = nonces_of_key(1);
    std::set<std::string> seen;
    for (std::uint64_t block = 0; block < 10; ++block) {
        nonces.add_block(block * 1000, 1000);
        for (int i = 0; i < 1000; ++i) CHECK(seen.insert(take(nonces)).second);
    }
}

TEST_CASE("where the random generator is stuck, the counter alone keeps nonces apart") {
    testing::SeededRandom random(1);
    LongTermNonces nonces = nonces_of_key(1);
    stick(random, std::size_t{8} * 10001);
    nonces.add_block(0, 10000);
    std::set<std::string> seen;
    for (int i = 0; i < 10000; ++i) CHECK(seen.insert(take(nonces)).second);
    nonces.add_block(9999, 1);
    CHECK_FALSE(seen.insert(take(nonces)).second);  // so it was the counter, not something else
}

TEST_CASE("where an old counter came back from a backup, random bytes alone keep nonces apart") {
    LongTermNonces nonces = nonces_of_key(1);
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        nonces.add_block(7, 1);
        CHECK(seen.insert(take(nonces)).second);
    }
}

TEST_CASE("a nonce depends on the nonce key") {
    testing::SeededRandom random(1);
    LongTermNonces one = nonces_of_key(1);
    LongTermNonces two = nonces_of_key(2);
    stick(random, 16);
    one.add_block(5, 1);
    two.add_block(5, 1);
    CHECK(take(one) != take(two));
}
