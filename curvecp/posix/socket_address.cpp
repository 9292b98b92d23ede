#include "curvecp/posix/socket_address.hpp"

#include <cstring>
#include <string>

#include <net/if.h>

namespace curvecp {
namespace {

constexpr std::size_t kV4Offset = 12;  // of the four bytes in a mapped address

// fe80::1%eth0
std::optional<IpAddress> parse_with_interface(std::string_view text) {
    const auto percent = text.find('%');
    if (percent == std::string_view::npos) return std::nullopt;
    auto ip = parse_ip(text.substr(0, percent));
    const std::string interface(text.substr(percent + 1));
    if (!ip || ip->is_v4()) return std::nullopt;
    ip->scope = if_nametoindex(interface.c_str());
    return ip->scope == 0 ? std::nullopt : ip;
}

bool needs_scope(const IpAddress& ip) noexcept {
    const in6_addr v6 = v6_of(ip);
    return IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_IS_ADDR_MC_LINKLOCAL(&v6);
}

}  // namespace

SocketAddress::SocketAddress() noexcept : v6{} {}

SocketAddress::SocketAddress(const Address& address, SocketFamily family) noexcept : v6{} {
    if (family == SocketFamily::V4 && address.ip.is_v4()) {
        v4 = {};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        v4.sin_addr = v4_of(address.ip);
        size = sizeof v4;
        return;
    }
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    v6.sin6_scope_id = address.ip.scope;
    v6.sin6_addr = v6_of(address.ip);
}

Address SocketAddress::address() const noexcept {
    Address address;
    if (generic.sa_family == AF_INET) {
        address.ip = ip_of(v4.sin_addr);
        address.port = ntohs(v4.sin_port);
    } else if (generic.sa_family == AF_INET6) {
        address.ip = ip_of(v6.sin6_addr, v6.sin6_scope_id);
        address.port = ntohs(v6.sin6_port);
    }
    return address;
}

IpAddress ip_of(const in_addr& v4) noexcept {
    std::array<std::uint8_t, sizeof v4> bytes{};
    std::memcpy(bytes.data(), &v4, sizeof v4);
    return IpAddress::v4(bytes);
}

IpAddress ip_of(const in6_addr& v6, std::uint32_t interface) noexcept {
    IpAddress ip;
    std::memcpy(ip.bytes.data(), &v6, sizeof v6);
    if (IN6_IS_ADDR_LINKLOCAL(&v6)) ip.scope = interface;
    return ip;
}

in_addr v4_of(const IpAddress& ip) noexcept {
    in_addr v4{};
    std::memcpy(&v4, ip.bytes.data() + kV4Offset, sizeof v4);
    return v4;
}

in6_addr v6_of(const IpAddress& ip) noexcept {
    in6_addr v6{};
    std::memcpy(&v6, ip.bytes.data(), sizeof v6);
    return v6;
}

std::optional<IpAddress> parse_address(std::string_view text) {
    auto ip = parse_ip(text);
    if (!ip) ip = parse_with_interface(text);
    if (ip && !needs_scope(*ip)) ip->scope = 0;
    return ip;
}

}  // namespace curvecp
