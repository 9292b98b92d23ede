#include "curvecp/posix/operands.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/socket_address.hpp"

#include <limits>

namespace curvecp {

void require_operands(std::span<const std::string> positions,
                      std::span<const std::string_view> names) {
    if (positions.size() < names.size()) {
        throw UsageError("missing " + std::string(names[positions.size()]) + ", try --help");
    }
}

ServerName server_name_operand(const std::string& sname) {
    const auto name = parse_server_name(sname);
    if (!name) {
        throw UsageError("sname " + sname +
                         ": must be at most 255 bytes, and at most 63 between dots");
    }
    return *name;
}

IpAddress ip_operand(const std::string& ip) {
    const auto address = parse_address(ip);
    if (!address) throw UsageError("ip " + ip + ": not an IPv4 or IPv6 address");
    return *address;
}

std::uint16_t port_operand(const std::string& port, std::uint16_t smallest) {
    return static_cast<std::uint16_t>(
        parse_number("port", port, smallest, std::numeric_limits<std::uint16_t>::max()));
}

Extension extension_operand(const std::string& ext) {
    const auto extension = parse_hex<Extension>(ext);
    if (!extension) throw UsageError("ext " + ext + ": must be 32 hex digits");
    return *extension;
}

}  // namespace curvecp
