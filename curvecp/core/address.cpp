#include "curvecp/core/address.hpp"

#include <charconv>

#include <arpa/inet.h>  // inet_pton() and inet_ntop(), which only turn text into bytes and back

namespace curvecp {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_zero(Bytes bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

IpAddress IpAddress::v4(FixedBytes<4> bytes) noexcept {
    IpAddress ip;
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), ip.bytes.begin());
    std::copy(bytes.begin(), bytes.end(), ip.bytes.begin() + kMappedPrefix.size());
    return ip;
}

bool IpAddress::is_v4() const noexcept {
    return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

bool IpAddress::is_wildcard() const noexcept {
    return is_zero(is_v4() ? Bytes(bytes).last<4>() : Bytes(bytes));
}

std::optional<IpAddress> parse_ip(std::string_view text) {
    const std::string literal(text.substr(0, text.find('%')));
    std::array<std::uint8_t, 4> four{};
    if (literal.size() == text.size() && inet_pton(AF_INET, literal.c_str(), four.data()) == 1) {
        return IpAddress::v4(four);
    }
    IpAddress ip;
    if (inet_pton(AF_INET6, literal.c_str(), ip.bytes.data()) != 1) return std::nullopt;
    if (literal.size() == text.size()) return ip;
    const std::string_view scope = text.substr(literal.size() + 1);
    const char* const end = scope.data() + scope.size();
    const auto [stop, error] = std::from_chars(scope.data(), end, ip.scope);
    if (error != std::errc() || stop != end || ip.scope == 0) return std::nullopt;
    return ip;
}

std::string to_text(const IpAddress& ip) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (ip.is_v4()) {
        inet_ntop(AF_INET, ip.bytes.data() + kMappedPrefix.size(), text.data(), text.size());
        return text.data();
    }
    inet_ntop(AF_INET6, ip.bytes.data(), text.data(), text.size());
    return ip.scope == 0 ? std::string(text.data())
                         : std::string(text.data()) + "%" + std::to_string(ip.scope);
}

std::string to_text(const Address& address) {
    const std::string ip = to_text(address.ip);
    return (address.ip.is_v4() ? ip : "[" + ip + "]") + ":" + std::to_string(address.port);
}

}  // namespace curvecp
