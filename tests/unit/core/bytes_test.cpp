#include "curvecp/core/bytes.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

using Apple = ByteString<struct AppleTag, 4>;
using Pear = ByteString<struct PearTag, 4>;

static_assert(!std::is_convertible_v<Apple, Pear> && !std::is_constructible_v<Pear, Apple>,
              "a byte string is not another's");
static_assert(!std::is_convertible_v<FixedBytes<4>, Apple>, "bytes get their meaning explicitly");

}  // namespace

TEST_CASE("a byte string is zeros where nothing was given") {
    CHECK(Apple() == Apple(std::array<std::uint8_t, 4>{0, 0, 0, 0}));
}

TEST_CASE("byte strings are equal where every byte is") {
    const Apple apple(std::array<std::uint8_t, 4>{1, 2, 3, 4});
    for (std::size_t i = 0; i < Apple::kSize; ++i) {
        Apple other = apple;
        CHECK(other == apple);
        other.bytes()[i] ^= 0x80;
        CHECK(other != apple);
    }
}

TEST_CASE("copy() copies a fixed number of bytes") {
    const std::array<std::uint8_t, 3> from{7, 8, 9};
    std::array<std::uint8_t, 3> to{};
    copy(from, MutableFixedBytes<3>(to));
    CHECK(to == from);
}
