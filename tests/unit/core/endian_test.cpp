#include "curvecp/core/endian.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

TEST_CASE("the lowest byte of an integer comes first") {
    std::array<std::uint8_t, 8> bytes{};
    store_le(std::uint64_t{0x0807060504030201}, bytes);
    CHECK(bytes == std::array<std::uint8_t, 8>{1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(load_le<std::uint64_t>(bytes) == 0x0807060504030201);

    std::array<std::uint8_t, 4> four{};
    store_le(std::uint32_t{0xfffefdfc}, four);
    CHECK(four == std::array<std::uint8_t, 4>{0xfc, 0xfd, 0xfe, 0xff});
    CHECK(load_le<std::uint32_t>(four) == 0xfffefdfc);

    std::array<std::uint8_t, 2> two{};
    store_le(std::uint16_t{0x80ff}, two);
    CHECK(two == std::array<std::uint8_t, 2>{0xff, 0x80});
    CHECK(load_le<std::uint16_t>(two) == 0x80ff);
}

TEST_CASE("integers come back from bytes as they were") {
    std::array<std::uint8_t, 8> bytes{};
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t value = std::uint64_t{1} << bit;
        for (const std::uint64_t sample : {value, value - 1, ~value}) {
            store_le(sample, bytes);
            CHECK(load_le<std::uint64_t>(bytes) == sample);
        }
    }
}
