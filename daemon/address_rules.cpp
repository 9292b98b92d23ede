#include "daemon/address_rules.hpp"

#include <charconv>

namespace curvecp::daemon {
namespace {

constexpr unsigned kBits = 128;
constexpr unsigned kMappedBits = 96;  // in front of an IPv4 address

// The byte's first `bits`, which are 0..8 and more.
constexpr std::uint8_t mask_of(unsigned bits) noexcept {
    if (bits >= 8) return 0xff;
    return static_cast<std::uint8_t>(0xff00U >> bits);
}

constexpr unsigned bits_in_byte(unsigned bits, std::size_t byte) noexcept {
    const unsigned before = static_cast<unsigned>(byte) * 8;
    return bits > before ? bits - before : 0;
}

IpAddress masked(IpAddress ip, unsigned bits) noexcept {
    for (std::size_t i = 0; i < ip.bytes.size(); ++i) {
        ip.bytes[i] = static_cast<std::uint8_t>(ip.bytes[i] & mask_of(bits_in_byte(bits, i)));
    }
    ip.scope = 0;
    return ip;
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned most) noexcept {
    unsigned bits = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, bits);
    if (error != std::errc() || stop != end || bits > most) return std::nullopt;
    return bits;
}

}  // namespace

bool AddressRange::contains(const IpAddress& ip) const noexcept {
    if (first.is_v4() && bits >= kMappedBits ? !ip.is_v4() : bits < kMappedBits && ip.is_v4()) {
        return false;
    }
    for (std::size_t i = 0; i < ip.bytes.size(); ++i) {
        const std::uint8_t mask = mask_of(bits_in_byte(bits, i));
        if (mask == 0) break;
        if (((ip.bytes[i] ^ first.bytes[i]) & mask) != 0) return false;
    }
    return true;
}

std::optional<AddressRange> parse_range(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view literal = text.substr(0, slash);
    const auto ip = parse_ip(literal);
    if (!ip || ip->scope != 0) return std::nullopt;
    if (slash == std::string_view::npos) return AddressRange{*ip, kBits};
    // By how it is written: a mapped address has the length of an IPv6 one.
    const bool v4 = literal.find(':') == std::string_view::npos;
    const auto length = parse_bits(text.substr(slash + 1), v4 ? kBits - kMappedBits : kBits);
    if (!length) return std::nullopt;
    const unsigned bits = v4 ? kMappedBits + *length : *length;
    if (masked(*ip, bits).bytes != ip->bytes) return std::nullopt;
    return AddressRange{*ip, bits};
}

AddressRange network_of(const IpAddress& ip, unsigned v4_bits, unsigned v6_bits) noexcept {
    const unsigned bits = ip.is_v4() ? kMappedBits + v4_bits : v6_bits;
    return {masked(ip, bits), bits};
}

bool AddressRules::allows(const IpAddress& ip) const noexcept {
    for (const Rule& rule : rules_) {
        if (rule.range.contains(ip)) return rule.accepted;
    }
    return !any_accepted_;
}

void AddressRules::add(const Rule& rule) {
    any_accepted_ = any_accepted_ || rule.accepted;
    const auto comes_before = [](const Rule& a, const Rule& b) {
        if (a.range.bits != b.range.bits) return a.range.bits > b.range.bits;
        return !a.accepted && b.accepted;
    };
    rules_.insert(std::upper_bound(rules_.begin(), rules_.end(), rule, comes_before), rule);
}

}  // namespace curvecp::daemon
