#include "curvecp/core/printable.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

TEST_CASE("control characters are escaped, everything else is left as it is") {
    CHECK(escape_controls("").empty());
    CHECK(escape_controls("a b\"\\%{}~") == "a b\"\\%{}~");
    CHECK(escape_controls("a\nb\r\t\x1b[0m\x7f") == "a\\x0ab\\x0d\\x09\\x1b[0m\\x7f");
    CHECK(escape_controls(std::string_view("\0z", 2)) == "\\x00z");
    CHECK(escape_controls("Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91") ==
          "Gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91");
}

TEST_CASE("a terminal's controls of two bytes, and what is no UTF-8, are escaped") {
    CHECK(escape_controls("\xc2\x9b"
                          "31m\xc2\xa0") == "\\xc2\\x9b31m\xc2\xa0");
    CHECK(escape_controls("\x9b") == "\\x9b");
    CHECK(escape_controls("\xff\xc3") == "\\xff\\xc3");
    CHECK(escape_controls("\xc0\x8a") == "\\xc0\\x8a");           // a long way to write a newline
    CHECK(escape_controls("\xe0\x80\x8a") == "\\xe0\\x80\\x8a");  // a longer one
    CHECK(escape_controls("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // half of a pair of UTF-16
    CHECK(escape_controls("\xf4\x90\x80\x80").starts_with("\\xf4"));  // beyond Unicode
    CHECK(escape_controls("\xe2\x82"
                          "a") ==
          "\\xe2\\x82"
          "a");
}
