#include "curvecp/core/server_name.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

// The bytes of a name up to the zeros, or "refused".
std::string wire(std::string_view text) {
    const auto name = parse_server_name(text);
    if (!name) return "refused";
    const auto bytes = name->bytes();
    std::string all(bytes.begin(), bytes.end());
    return all.substr(0, all.find_last_not_of('\0') + 1);
}

std::string repeated(char character, std::size_t count) {
    return std::string(count, character);
}

}  // namespace

TEST_CASE("a name is its labels, each behind a length byte, then zeros") {
    CHECK(wire("curvecp") ==
          "\x07"
          "curvecp");
    CHECK(wire("www.example.org") ==
          "\x03"
          "www"
          "\x07"
          "example"
          "\x03"
          "org");
    CHECK(wire("a") ==
          "\x01"
          "a");
}

TEST_CASE("the empty name is allowed and all zeros") {
    CHECK(parse_server_name("") == ServerName());
}

TEST_CASE("a leading, trailing or doubled dot is skipped") {
    const auto plain = parse_server_name("www.example");
    for (const std::string_view text :
         {".www.example", "www.example.", "www..example", "...www....example..."}) {
        CHECK(parse_server_name(text) == plain);
    }
    for (const std::string_view text : {".", "..", "....."}) {
        CHECK(parse_server_name(text) == ServerName());
    }
}

TEST_CASE("case counts") {
    CHECK(parse_server_name("Example") != parse_server_name("example"));
}

TEST_CASE("a label has at most 63 bytes") {
    CHECK(wire(repeated('a', 63)) == "\x3f" + repeated('a', 63));
    CHECK(wire(repeated('a', 64)) == "refused");
    CHECK(wire("ok." + repeated('a', 64)) == "refused");
    CHECK(wire(repeated('a', 64) + ".ok") == "refused");
}

TEST_CASE("length bytes and labels have at most 255 bytes together") {
    const std::string label = repeated('a', 63) + ".";
    CHECK(wire(label + label + label + repeated('b', 62)).size() == 255);
    CHECK(wire(label + label + label + repeated('b', 62) + "...").size() == 255);
    CHECK(wire(label + label + label + repeated('b', 63)) == "refused");
    CHECK(wire(label + label + label + repeated('b', 61) + ".c") == "refused");
    std::string short_labels;
    for (int i = 0; i < 127; ++i) short_labels += "x.";
    CHECK(wire(short_labels).size() == 254);
    CHECK(wire(short_labels + "x") == "refused");
}
