#include "curvecp/core/state.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

TEST_CASE("a state is written as far as there is room, and counted in any case") {
    std::array<std::uint8_t, 12> room{};
    StateWriter writer{MutableBytes(room)};
    writer.put_number(1);
    writer.put_number(2);
    CHECK(writer.size() == 16);
    CHECK(room == std::array<std::uint8_t, 12>{1});
}

TEST_CASE("numbers, times and bytes are read as they were written") {
    std::array<std::uint8_t, 64> room{};
    StateWriter writer{MutableBytes(room)};
    writer.put_number(0x0102030405060708);
    writer.put_time(TimePoint(Duration(-5)));
    writer.put_counted(std::array<std::uint8_t, 3>{7, 8, 9});
    writer.put_number(1);
    StateReader reader(Bytes(room).first(writer.size()));
    CHECK(reader.get_number() == 0x0102030405060708);
    CHECK(reader.get_time() == TimePoint(Duration(-5)));
    CHECK(reader.get_counted(3) == std::vector<std::uint8_t>{7, 8, 9});
    CHECK(reader.get_flag());
    reader.finish();
    CHECK_THROWS_AS(static_cast<void>(reader.get_number()), BadState);
}

TEST_CASE("a number, flag or length that is too large is refused, and what is left over") {
    std::array<std::uint8_t, 24> room{};
    StateWriter writer{MutableBytes(room)};
    writer.put_number(2);
    const Bytes bytes(room);
    CHECK(StateReader(bytes).get_number(2) == 2);
    CHECK_THROWS_AS(static_cast<void>(StateReader(bytes).get_number(1)), BadState);
    CHECK_THROWS_AS(static_cast<void>(StateReader(bytes).get_flag()), BadState);
    CHECK_THROWS_AS(static_cast<void>(StateReader(bytes).get_counted(1)), BadState);
    CHECK_THROWS_AS(StateReader(bytes).finish(), BadState);
}
