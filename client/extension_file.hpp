// The client's own extension, which the machine's administrator decides on.
#pragma once

#include "curvecp/core/keys.hpp"

namespace curvecp::client {

inline constexpr const char* kExtensionFile = "/etc/curvecpextension";  // specification

// 16 raw bytes; all zero where the file is missing or too short.
[[nodiscard]] Extension read_extension(const char* path = kExtensionFile) noexcept;

}  // namespace curvecp::client
