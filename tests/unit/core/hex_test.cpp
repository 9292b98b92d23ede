#include "curvecp/core/hex.hpp"

#include "curvecp/core/keys.hpp"

#include <numeric>

#include <doctest/doctest.h>

using namespace curvecp;

TEST_CASE("bytes become two lower-case digits each") {
    const std::array<std::uint8_t, 5> bytes{0x00, 0x0f, 0xf0, 0xab, 0xff};
    CHECK(to_hex(bytes) == "000ff0abff");
    CHECK(to_hex({}).empty());
}

TEST_CASE("every byte comes back from its digits, in either case") {
    std::array<std::uint8_t, 256> all{};
    std::iota(all.begin(), all.end(), std::uint8_t{0});
    std::string lower = to_hex(all);
    std::string upper = lower;
    for (char& c : upper) {
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    }
    for (const std::string& text : {lower, upper}) {
        std::array<std::uint8_t, 256> back{};
        CHECK(from_hex(text, back));
        CHECK(back == all);
    }
}

TEST_CASE("only exactly as many digits as needed are hexadecimal text") {
    CHECK(parse_hex<Extension>("0123456789abcdefABCDEF0123456789"));
    CHECK_FALSE(parse_hex<Extension>("0123456789abcdefABCDEF012345678"));
    CHECK_FALSE(parse_hex<Extension>("0123456789abcdefABCDEF01234567890"));
    CHECK_FALSE(parse_hex<Extension>(""));
}

TEST_CASE("any character but a digit is refused at any place") {
    const std::string good(32, 'a');
    for (int c = 0; c < 256; ++c) {
        const char character = static_cast<char>(c);
        const bool is_digit =
            std::string_view("0123456789abcdefABCDEF").find(character) != std::string_view::npos;
        for (const std::size_t place : {0U, 1U, 31U}) {
            std::string text = good;
            text[place] = character;
            CAPTURE(c);
            CHECK(parse_hex<Extension>(text).has_value() == is_digit);
        }
    }
}
