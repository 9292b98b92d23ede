#include "daemon/connection_selector.hpp"

#include "curvecp/core/hex.hpp"

#include <charconv>

namespace curvecp::daemon {
namespace {

// Decimal digits and nothing else.
template <class Number>
std::optional<Number> parse_decimal(std::string_view text) noexcept {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || last != end) return std::nullopt;
    return number;
}

// A scope matters where a packet goes, not where an operator looks.
bool is_same_host(const IpAddress& a, const IpAddress& b) noexcept {
    return a.bytes == b.bytes;
}

}  // namespace

std::optional<ConnectionSelector> ConnectionSelector::parse(std::string_view text) {
    // Hex digits may all be decimal ones; no connection has so high a number.
    if (const auto key = parse_hex<PublicKey>(text)) return ConnectionSelector(*key);
    if (const auto number = parse_decimal<std::uint64_t>(text)) return ConnectionSelector(*number);
    if (const auto ip = parse_ip(text)) return ConnectionSelector(*ip);
    if (const auto address = parse_with_port(text)) return ConnectionSelector(*address);
    return std::nullopt;
}

std::optional<Address> ConnectionSelector::parse_with_port(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    const auto ip = parse_ip(host);
    const auto port = parse_decimal<std::uint16_t>(text.substr(colon + 1));
    if (!ip || !port || ip->is_v4() == brackets) return std::nullopt;
    return Address{*ip, *port};
}

bool ConnectionSelector::matches(std::uint64_t number, const PublicKey& key,
                                 const Address& remote) const noexcept {
    if (const auto* wanted = std::get_if<std::uint64_t>(&meant_)) return *wanted == number;
    if (const auto* wanted = std::get_if<PublicKey>(&meant_)) return *wanted == key;
    if (const auto* wanted = std::get_if<IpAddress>(&meant_)) {
        return is_same_host(*wanted, remote.ip);
    }
    const auto* wanted = std::get_if<Address>(&meant_);
    return wanted != nullptr && wanted->port == remote.port && is_same_host(wanted->ip, remote.ip);
}

}  // namespace curvecp::daemon
