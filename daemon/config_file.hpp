// The configuration file: TOML that describes where to listen and any number of services.
//
//     listen = ["0.0.0.0:4242", "[::1]:4242"]
//     max-connections = 100
//
//     [service.echo]
//     names = ["echo.example"]
//     extension = "00000000000000000000000000000001"
//     keys = "/var/lib/curvecp/echo"
//     program = ["curvecpmessage", "cat"]
//     max-per-address = 4
#pragma once

#include "daemon/settings.hpp"

#include <string_view>

namespace curvecp::daemon {

// Throws a UsageError that names the file, the line and what is wrong there. What the settings name
// on the disk is not looked at.
[[nodiscard]] Settings parse_config(const std::string& path, std::string_view text);
// Throws a StartError too, where the file cannot be read.
[[nodiscard]] Settings read_config(const std::string& path);

}  // namespace curvecp::daemon
