#include "daemon/address_rules.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

AddressRange range(std::string_view text) {
    const auto parsed = parse_range(text);
    REQUIRE_MESSAGE(parsed, std::string(text));
    return *parsed;
}

IpAddress ip(std::string_view text) {
    return parse_ip(text).value();
}

}  // namespace

TEST_CASE("a range holds the addresses that begin with its bits, of its family alone") {
    CHECK(range("192.0.2.0/24").contains(ip("192.0.2.255")));
    CHECK_FALSE(range("192.0.2.0/24").contains(ip("192.0.3.0")));
    CHECK(range("192.0.2.0/23").contains(ip("192.0.3.0")));
    CHECK(range("192.0.2.7").contains(ip("192.0.2.7")));
    CHECK_FALSE(range("192.0.2.7").contains(ip("192.0.2.6")));
    CHECK(range("2001:db8::/33").contains(ip("2001:db8:7fff::1")));
    CHECK_FALSE(range("2001:db8::/33").contains(ip("2001:db8:8000::1")));
    CHECK(range("0.0.0.0/0").contains(ip("203.0.113.1")));
    CHECK_FALSE(range("0.0.0.0/0").contains(ip("::1")));
    CHECK(range("::/0").contains(ip("2001:db8::1")));
    CHECK_FALSE(range("::/0").contains(ip("203.0.113.1")));
}

TEST_CASE("an IPv4 address in its mapped form is that IPv4 address") {
    CHECK(range("::ffff:192.0.2.0/120") == range("192.0.2.0/24"));
    CHECK(range("::ffff:192.0.2.7") == range("192.0.2.7"));
    CHECK(range("192.0.2.0/24").contains(ip("::ffff:192.0.2.9")));
}

TEST_CASE("what is no range is not taken for one") {
    for (const char* text :
         {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/8x",
          "192.0.2.1/24", "2001:db8::/129", "2001:db8::1/64", "192.0.2/24", "localhost", "/24",
          "192.0.2.0 /24", "fe80::1%2", "10.0.0.0/08a", "10.0.0.0/8/8"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_range(text).has_value());
    }
}

TEST_CASE("without rules everybody is allowed") {
    CHECK(AddressRules().allows(ip("192.0.2.1")));
    CHECK(AddressRules().allows(ip("2001:db8::1")));
}

TEST_CASE("what is denied is denied, the rest stays open") {
    AddressRules rules;
    rules.deny(range("192.0.2.0/24"));
    CHECK_FALSE(rules.allows(ip("192.0.2.1")));
    CHECK(rules.allows(ip("192.0.3.1")));
    CHECK(rules.allows(ip("2001:db8::1")));
}

TEST_CASE("with a range that is accepted, what no range names is denied") {
    AddressRules rules;
    rules.accept(range("192.0.2.0/24"));
    CHECK(rules.allows(ip("192.0.2.1")));
    CHECK_FALSE(rules.allows(ip("192.0.3.1")));
    CHECK_FALSE(rules.allows(ip("2001:db8::1")));
}

TEST_CASE("the longest range decides, in whatever order they were given") {
    for (const bool accepted_first : {true, false}) {
        AddressRules rules;
        if (accepted_first) rules.accept(range("10.1.0.0/16"));
        rules.deny(range("10.0.0.0/8"));
        rules.deny(range("10.1.2.0/24"));
        if (!accepted_first) rules.accept(range("10.1.0.0/16"));
        CHECK_FALSE(rules.allows(ip("10.2.0.1")));
        CHECK(rules.allows(ip("10.1.1.1")));
        CHECK_FALSE(rules.allows(ip("10.1.2.3")));
    }
}

TEST_CASE("of a range that is accepted and denied, denied counts") {
    for (const bool accepted_first : {true, false}) {
        AddressRules rules;
        if (accepted_first) rules.accept(range("10.0.0.0/8"));
        rules.deny(range("10.0.0.0/8"));
        if (!accepted_first) rules.accept(range("10.0.0.0/8"));
        CHECK_FALSE(rules.allows(ip("10.0.0.1")));
    }
}

TEST_CASE("a network is its addresses' first bits") {
    CHECK(network_of(ip("192.0.2.77"), 24, 56) == range("192.0.2.0/24"));
    CHECK(network_of(ip("2001:db8:1:2ff::1"), 24, 56) == range("2001:db8:1:200::/56"));
    CHECK(network_of(ip("192.0.2.77"), 32, 128) == range("192.0.2.77"));
}
