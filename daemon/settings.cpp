#include "daemon/settings.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"

namespace curvecp::daemon {
namespace {

constexpr std::string_view kSocketScheme = "unix:";
constexpr std::uint64_t kMostPerSecond = 1'000'000;  // ours: more is no limit

AddressRange range_of(const std::string& value, const std::string& what) {
    const auto range = parse_range(value);
    if (!range) {
        throw UsageError(what + " " + value +
                         ": not an address or a range such as 192.0.2.0/24 or 2001:db8::/32");
    }
    return *range;
}

std::size_t count_of(const std::string& value, const std::string& what) {
    return parse_number(what, value, 1, kMostConnections);
}

// N/24,N/56: connections of an IPv4 and of an IPv6 network, and how long those networks' prefixes
// are. With the first alone, IPv6 networks have the same limit and their usual length.
void set_prefix_limit(Limits& limits, const std::string& value, const std::string& what) {
    const auto part = [&](std::string_view text, unsigned longest, unsigned& bits) {
        const std::size_t slash = text.find('/');
        if (slash == std::string_view::npos)
            throw UsageError(what + " " + value + ": not N/24,N/56");
        const std::string named = what + " " + value + ":";
        bits = static_cast<unsigned>(parse_number(named, text.substr(slash + 1), 1, longest));
        return parse_number(named, text.substr(0, slash), 1, kMostConnections);
    };
    const std::string_view text = value;
    const std::size_t comma = text.find(',');
    limits.per_prefix_v4 = part(text.substr(0, comma), 32, limits.prefix_v4);
    limits.per_prefix_v6 = limits.per_prefix_v4;
    if (comma == std::string_view::npos) return;
    limits.per_prefix_v6 = part(text.substr(comma + 1), 128, limits.prefix_v6);
}

std::size_t rate_of(std::string_view value, const std::string& what) {
    if (value.ends_with("/s")) value.remove_suffix(2);
    return parse_number(what, value, 1, kMostPerSecond);
}

std::string socket_of(const std::string& value, const std::string& what) {
    if (!value.starts_with(kSocketScheme) || value.size() == kSocketScheme.size()) {
        throw UsageError(what + " " + value + ": not unix:PATH");
    }
    return value.substr(kSocketScheme.size());
}

}  // namespace

void set_access(ServiceSettings& settings, std::string_view name, const std::string& value,
                const std::string& what) {
    Limits& limits = settings.limits;
    if (name == "accept-from") {
        settings.addresses.accept(range_of(value, what));
    } else if (name == "deny-from") {
        settings.addresses.deny(range_of(value, what));
    } else if (name == "authorized-keys") {
        if (value.empty()) throw UsageError(what + " '': no file");
        settings.authorized_keys = value;
    } else if (name == "authorizer") {
        settings.authorizer = socket_of(value, what);
    } else if (name == "max-per-address") {
        limits.per_address = count_of(value, what);
    } else if (name == "max-per-prefix") {
        set_prefix_limit(limits, value, what);
    } else if (name == "max-per-key") {
        limits.per_key = count_of(value, what);
    } else if (name == "reserve") {
        limits.reserve = count_of(value, what);
    } else if (name == "rate") {
        limits.rate = rate_of(value, what);
    } else {
        settings.explain_refusal = true;
    }
}

}  // namespace curvecp::daemon
