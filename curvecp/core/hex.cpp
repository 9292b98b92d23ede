#include "curvecp/core/hex.hpp"

namespace curvecp {
namespace {

std::optional<std::uint8_t> digit(char c) noexcept {
    const char lower = (c >= 'A' && c <= 'F') ? static_cast<char>(c - 'A' + 'a') : c;
    const auto found = kHexDigits.find(lower);
    if (found == std::string_view::npos) return std::nullopt;
    return static_cast<std::uint8_t>(found);
}

}  // namespace

std::string to_hex(Bytes bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(kHexDigits[byte >> 4U]);
        text.push_back(kHexDigits[byte & 15U]);
    }
    return text;
}

bool from_hex(std::string_view text, MutableBytes bytes) noexcept {
    if (text.size() != bytes.size() * 2) return false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto high = digit(text[2 * i]);
        const auto low = digit(text[2 * i + 1]);
        if (!high || !low) return false;
        bytes[i] = static_cast<std::uint8_t>((*high << 4U) | *low);
    }
    return true;
}

}  // namespace curvecp
