// The positions that curvecpserver and curvecpclient share. Each function throws a UsageError that
// names the position and the value that is wrong.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/keys.hpp"
#include "curvecp/core/server_name.hpp"

#include <span>
#include <string>

namespace curvecp {

// The positions in front of the program, by name, and the program. Throws where one is missing.
void require_operands(std::span<const std::string> positions,
                      std::span<const std::string_view> names);

[[nodiscard]] ServerName server_name_operand(const std::string& sname);
[[nodiscard]] IpAddress ip_operand(const std::string& ip);
[[nodiscard]] std::uint16_t port_operand(const std::string& port, std::uint16_t smallest);
[[nodiscard]] Extension extension_operand(const std::string& ext);

}  // namespace curvecp
