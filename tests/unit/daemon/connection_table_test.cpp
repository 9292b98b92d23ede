#include "daemon/connection_table.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

PublicKey key_of(std::uint8_t byte) {
    PublicKey key;
    key.bytes()[0] = byte;
    return key;
}

ClientConnection connection_of(KeyArena& arena, std::uint8_t byte) {
    return {Connection(arena.store(SharedKey()).value(), NonceSequence::random()),
            key_of(byte),
            PublicKey(),
            Path(),
            Extension(),
            byte};
}

}  // namespace

TEST_CASE("a connection is found by its key and by its id, until it ends") {
    KeyArena arena(3);
    ConnectionTable table(3);
    const ConnectionId one = table.insert(connection_of(arena, 1));
    const ConnectionId two = table.insert(connection_of(arena, 2));
    CHECK(one != two);
    CHECK(table.find(key_of(1)) == one);
    CHECK(table.find(key_of(2)) == two);
    CHECK_FALSE(table.find(key_of(3)).has_value());
    CHECK(table[two].number == 2);
    table.erase(one);
    CHECK_FALSE(table.find(key_of(1)).has_value());
    CHECK(table.find(key_of(2)) == two);
    CHECK(table.size() == 1);
}

TEST_CASE("clients are told apart by their whole keys, even where all have one fingerprint") {
    KeyArena arena(50);
    ConnectionTable table(50, 0);
    for (std::uint8_t i = 0; i < 50; ++i) {
        CHECK_FALSE(table.find(key_of(i)).has_value());
        table.insert(connection_of(arena, i));
    }
    for (std::uint8_t i = 0; i < 50; ++i) {
        const auto found = table.find(key_of(i));
        REQUIRE(found.has_value());
        CHECK(table[*found].client_short_term == key_of(i));
        table.erase(*found);
        CHECK_FALSE(table.find(key_of(i)).has_value());
        CHECK(table.size() == 49U - i);
    }
}

TEST_CASE("an ended connection gives back its slot and its key's place") {
    KeyArena arena(1);
    ConnectionTable table(1);
    for (std::uint8_t i = 1; i < 100; ++i) {
        CHECK_FALSE(table.full());
        const ConnectionId id = table.insert(connection_of(arena, i));
        CHECK(id.slot == 0);
        CHECK(table.full());
        CHECK_FALSE(arena.store(SharedKey()).has_value());
        table.erase(id);
    }
}
