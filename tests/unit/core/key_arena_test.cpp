#include "curvecp/core/key_arena.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

SharedKey key_of(std::uint8_t byte) {
    SharedKey key;
    const auto bytes = key.reveal();
    std::fill(bytes.begin(), bytes.end(), byte);
    return key;
}

bool is_filled_with(const SharedKey& key, std::uint8_t byte) {
    const auto bytes = key.reveal();
    return std::all_of(bytes.begin(), bytes.end(), [byte](std::uint8_t b) { return b == byte; });
}

}  // namespace

TEST_CASE("an arena holds as many keys as it was made for, each in a place of its own") {
    KeyArena arena(3);
    std::vector<ArenaKey> keys;
    for (std::uint8_t i = 1; i <= 3; ++i) {
        auto key = arena.store(key_of(i));
        REQUIRE(key);
        keys.push_back(std::move(*key));
    }
    CHECK_FALSE(arena.store(key_of(4)));
    for (std::uint8_t i = 1; i <= 3; ++i) CHECK(is_filled_with(*keys[i - 1U], i));
}

TEST_CASE("a key's place is wiped and given back when the key dies") {
    KeyArena arena(1);
    auto key = arena.store(key_of(7));
    REQUIRE(key);
    const SharedKey& place = **key;
    CHECK(is_filled_with(place, 7));
    key.reset();
    CHECK(is_filled_with(place, 0));
    key = arena.store(key_of(8));
    REQUIRE(key);
    CHECK(is_filled_with(**key, 8));
}

TEST_CASE("a key's place is given back once, however often the key moved") {
    KeyArena arena(2);
    {
        auto first = arena.store(key_of(1));
        REQUIRE(first);
        ArenaKey second = std::move(*first);
        ArenaKey third = std::move(second);
        CHECK(is_filled_with(*third, 1));
    }
    auto a = arena.store(key_of(2));
    auto b = arena.store(key_of(3));
    REQUIRE((a && b));
    CHECK_FALSE(arena.store(key_of(4)));
    CHECK(is_filled_with(**a, 2));
    CHECK(is_filled_with(**b, 3));
}

TEST_CASE("a key that is assigned to wipes what it held") {
    KeyArena arena(2);
    auto a = arena.store(key_of(1));
    auto b = arena.store(key_of(2));
    REQUIRE((a && b));
    const SharedKey& place_of_a = **a;
    *a = std::move(*b);
    CHECK(is_filled_with(place_of_a, 0));
    CHECK(is_filled_with(**a, 2));
    CHECK(arena.store(key_of(3)));

    ArenaKey& same = *a;
    *a = std::move(same);
    CHECK(is_filled_with(**a, 2));
}

TEST_CASE("a key that is stored is wiped where it came from") {
    KeyArena arena(1);
    SharedKey key = key_of(9);
    const auto stored = arena.store(std::move(key));
    REQUIRE(stored);
    CHECK(is_filled_with(key, 0));
}

TEST_CASE("an arena of many keys lends each place to one key at a time") {
    constexpr std::size_t kKeys = 4000;
    KeyArena arena(kKeys);
    std::vector<ArenaKey> keys;
    for (std::size_t i = 0; i < kKeys; ++i) {
        auto key = arena.store(key_of(static_cast<std::uint8_t>(i)));
        REQUIRE(key);
        keys.push_back(std::move(*key));
    }
    for (std::size_t i = 0; i < kKeys; i += 2) keys[i] = std::move(keys[i + 1]);
    for (std::size_t i = 0; i < kKeys; i += 2) {
        CHECK(is_filled_with(*keys[i], static_cast<std::uint8_t>(i + 1)));
    }
}
