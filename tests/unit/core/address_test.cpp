#include "curvecp/core/address.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

std::string again(std::string_view text) {
    const auto ip = parse_ip(text);
    return ip ? to_text(*ip) : "refused";
}

}  // namespace

TEST_CASE("addresses come back from text as they were") {
    for (const std::string_view text :
         {"192.0.2.1", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1%2",
          "ff02::fb%4294967295", "1:2:3:4:5:6:7:8"}) {
        CHECK(again(text) == text);
    }
}

TEST_CASE("what is no literal address is refused") {
    for (const std::string_view text : {"",           "999.0.0.1",
                                        "1.2.3",      "1.2.3.4.5",
                                        "1.2.3.4 ",   " 1.2.3.4",
                                        "01.2.3.4x",  "localhost",
                                        "[::1]",      "::1:",
                                        "1::2::3",    "12345::",
                                        "fe80::1%",   "fe80::1%0",
                                        "fe80::1%-1", "fe80::1%eth0",
                                        "fe80::1%2x", "fe80::1%4294967296",
                                        "1.2.3.4%1",  "%1",
                                        "0x7f.1"}) {
        CAPTURE(text);
        CHECK(again(text) == "refused");
    }
}

TEST_CASE("an IPv4 address and its mapped form are the same") {
    const auto plain = parse_ip("192.0.2.1");
    const auto mapped = parse_ip("::ffff:192.0.2.1");
    REQUIRE((plain && mapped));
    CHECK(*plain == *mapped);
    CHECK(*plain == IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 1}));
    CHECK(mapped->is_v4());
    CHECK(to_text(*mapped) == "192.0.2.1");
}

TEST_CASE("only the address of zeros is a wildcard, in both families") {
    CHECK(parse_ip("0.0.0.0")->is_wildcard());
    CHECK(parse_ip("::")->is_wildcard());
    CHECK(IpAddress().is_wildcard());
    CHECK_FALSE(parse_ip("0.0.0.1")->is_wildcard());
    CHECK_FALSE(parse_ip("::1")->is_wildcard());
    CHECK_FALSE(parse_ip("::")->is_v4());
    CHECK_FALSE(parse_ip("::102:304")->is_v4());
}

TEST_CASE("an address and a port are written as in a URL") {
    CHECK(to_text(Address{*parse_ip("192.0.2.1"), 80}) == "192.0.2.1:80");
    CHECK(to_text(Address{*parse_ip("2001:db8::1"), 65535}) == "[2001:db8::1]:65535");
    CHECK(to_text(Address{*parse_ip("fe80::1%2"), 0}) == "[fe80::1%2]:0");
}

TEST_CASE("addresses are equal where every byte, the scope and the port are") {
    const Address address{*parse_ip("fe80::1%2"), 80};
    CHECK(address == Address{*parse_ip("fe80::1%2"), 80});
    CHECK(address != Address{*parse_ip("fe80::1%3"), 80});
    CHECK(address != Address{*parse_ip("fe80::2%2"), 80});
    CHECK(address != Address{*parse_ip("fe80::1%2"), 81});
}
