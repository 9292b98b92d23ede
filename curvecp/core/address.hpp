// Addresses as values, without the kernel's structures: posix/socket_address converts them.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace curvecp {

// An IPv6 address, or an IPv4 address in its mapped form ::ffff:a.b.c.d.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};
    std::uint32_t scope = 0;  // interface index of a link-local IPv6 address, else 0

    [[nodiscard]] static IpAddress v4(FixedBytes<4> bytes) noexcept;
    [[nodiscard]] bool is_v4() const noexcept;
    // 0.0.0.0 or ::
    [[nodiscard]] bool is_wildcard() const noexcept;
    friend bool operator==(const IpAddress&, const IpAddress&) noexcept = default;
};

struct Address {
    IpAddress ip;
    std::uint16_t port = 0;
    friend bool operator==(const Address&, const Address&) noexcept = default;
};

// Where a datagram came from, and the local address and interface that it was sent to. An answer
// takes the same way back. `local` is a wildcard where the kernel may choose.
struct Path {
    Address peer;
    IpAddress local;
    std::uint16_t socket = 0;  // which of a server's sockets
    friend bool operator==(const Path&, const Path&) noexcept = default;
};

// A literal in the usual text form, IPv6 without brackets; a scope is written %index.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
// 192.0.2.1, 2001:db8::1 or fe80::1%2.
[[nodiscard]] std::string to_text(const IpAddress& ip);
// 192.0.2.1:80 or [2001:db8::1]:80.
[[nodiscard]] std::string to_text(const Address& address);

}  // namespace curvecp
