// A server's name, 256 bytes in DNS wire form: length byte and label, repeated, then zeros. A
// client proves by it which of the servers behind one key it means. Specification: names; case
// counts.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <optional>
#include <string_view>

namespace curvecp {

using ServerName = ByteString<struct ServerNameTag, 256>;

// From text with dots between labels; a leading, trailing or doubled dot is skipped, the empty name
// is allowed. nullopt where a label has more than 63 bytes, or length bytes and labels together
// more than 255.
[[nodiscard]] std::optional<ServerName> parse_server_name(std::string_view text) noexcept;

}  // namespace curvecp
