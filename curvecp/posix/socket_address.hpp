// Addresses as the kernel wants them.
#pragma once

#include "curvecp/core/address.hpp"

#include <optional>
#include <string_view>

#include <netinet/in.h>
#include <sys/socket.h>

namespace curvecp {

// What of a socket decides on the form of its addresses.
enum class SocketFamily { V4, V6 };

// A sockaddr_in on a V4 socket, a sockaddr_in6 (IPv4 addresses mapped) on a V6 one.
struct SocketAddress {
    // Big enough for both, and much smaller than sockaddr_storage.
    union {
        sockaddr generic;
        sockaddr_in v4;
        sockaddr_in6 v6;
    };
    socklen_t size = sizeof(sockaddr_in6);

    // Room for an address that the kernel fills in.
    SocketAddress() noexcept;
    // An IPv6 address has no form on a V4 socket: it stays what it is, and the kernel refuses it.
    SocketAddress(const Address& address, SocketFamily family) noexcept;
    // The wildcard with port 0 where the kernel gave neither IPv4 nor IPv6.
    [[nodiscard]] Address address() const noexcept;
};

// The kernel's addresses as values; the interface matters to a link-local one only.
[[nodiscard]] IpAddress ip_of(const in_addr& v4) noexcept;
[[nodiscard]] IpAddress ip_of(const in6_addr& v6, std::uint32_t interface) noexcept;

[[nodiscard]] in_addr v4_of(const IpAddress& ip) noexcept;
[[nodiscard]] in6_addr v6_of(const IpAddress& ip) noexcept;

// As parse_ip(), with a scope by number or by the name of an interface: fe80::1%eth0. The kernel
// tells the scope of a link-local address only, so any other address comes without one.
[[nodiscard]] std::optional<IpAddress> parse_address(std::string_view text);

}  // namespace curvecp
