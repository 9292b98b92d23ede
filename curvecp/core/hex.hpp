// Hexadecimal text of public values.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace curvecp {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

// Lower-case digits, two for each byte.
[[nodiscard]] std::string to_hex(Bytes bytes);

// Fills `bytes` from exactly twice as many digits of either case; false, and `bytes` unspecified,
// for any other text.
[[nodiscard]] bool from_hex(std::string_view text, MutableBytes bytes) noexcept;

template <class Value>
[[nodiscard]] std::optional<Value> parse_hex(std::string_view text) noexcept {
    Value value;
    if (!from_hex(text, value.bytes())) return std::nullopt;
    return value;
}

}  // namespace curvecp
