#include "curvecp/posix/socket_address.hpp"

#include <doctest/doctest.h>

#include <net/if.h>

using namespace curvecp;

TEST_CASE("an IPv4 address is a sockaddr_in on an IPv4 socket and mapped on an IPv6 one") {
    const Address address{*parse_ip("192.0.2.1"), 1234};
    const SocketAddress four(address, SocketFamily::V4);
    CHECK(four.v4.sin_family == AF_INET);
    CHECK(four.v4.sin_port == htons(1234));
    CHECK(four.v4.sin_addr.s_addr == htonl(0xc0000201));
    CHECK(four.size == sizeof(sockaddr_in));
    const SocketAddress six(address, SocketFamily::V6);
    CHECK(six.v6.sin6_family == AF_INET6);
    CHECK(IN6_IS_ADDR_V4MAPPED(&six.v6.sin6_addr));
    CHECK(six.size == sizeof(sockaddr_in6));
    CHECK(four.address() == address);
    CHECK(six.address() == address);
}

TEST_CASE("an IPv6 address keeps its scope where it is link-local") {
    const Address local{*parse_ip("fe80::1%7"), 80};
    CHECK(SocketAddress(local, SocketFamily::V6).v6.sin6_scope_id == 7);
    CHECK(SocketAddress(local, SocketFamily::V6).address() == local);
    CHECK(ip_of(v6_of(*parse_ip("2001:db8::1")), 7) == *parse_ip("2001:db8::1"));
}

TEST_CASE("an IPv6 address never becomes another on an IPv4 socket") {
    const SocketAddress raw({*parse_ip("2001:db8::1"), 80}, SocketFamily::V4);
    CHECK(raw.generic.sa_family == AF_INET6);
}

TEST_CASE("a scope is the number or the name of an interface") {
    const auto loopback = if_nametoindex("lo");
    REQUIRE(loopback != 0);
    const auto by_name = parse_address("fe80::1%lo");
    REQUIRE(by_name);
    CHECK(by_name->scope == loopback);
    CHECK(parse_address("fe80::1%" + std::to_string(loopback)) == by_name);
    CHECK(parse_address("127.0.0.1") == parse_ip("127.0.0.1"));
    // The kernel tells of no scope for these: an answer would never be from where it was asked.
    CHECK(parse_address("2001:db8::1%lo") == parse_ip("2001:db8::1"));
    CHECK(parse_address("::1%" + std::to_string(loopback)) == parse_ip("::1"));
    CHECK(parse_address("::") == IpAddress{});
}

TEST_CASE("what is no address, or has no such interface, is refused") {
    for (const char* text :
         {"", "999.0.0.1", "1.2.3", "fe80::1%", "fe80::1%nosuchinterface", "fe80::1%0",
          "127.0.0.1%lo", "::ffff:127.0.0.1%lo", "%lo", "localhost", "[::1]"}) {
        CAPTURE(text);
        CHECK(!parse_address(text));
    }
}
