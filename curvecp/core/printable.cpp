#include "curvecp/core/printable.hpp"

#include "curvecp/core/hex.hpp"

#include <algorithm>
#include <cstdint>

namespace curvecp {
namespace {

std::uint32_t byte_at(std::string_view text, std::size_t index) noexcept {
    return static_cast<std::uint8_t>(text[index]);
}

// The length that a first byte announces, and the smallest character of that length.
struct Announced {
    std::size_t size;
    std::uint32_t bits;
    std::uint32_t smallest;
};

Announced announced_by(std::uint32_t first) noexcept {
    if (first < 0x80) return {1, first, 0};
    if (first >= 0xc0 && first < 0xe0) return {2, first & 0x1fU, 0x80};
    if (first >= 0xe0 && first < 0xf0) return {3, first & 0x0fU, 0x800};
    if (first >= 0xf0 && first < 0xf8) return {4, first & 0x07U, 0x1'0000};
    return {0, 0, 0};
}

bool is_character(std::uint32_t code, std::uint32_t smallest) noexcept {
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    return code >= smallest && code < 0x11'0000 && !surrogate;
}

bool is_control(std::string_view character) noexcept {
    const std::uint32_t first = byte_at(character, 0);
    if (character.size() == 1) return first < 0x20 || first == 0x7f;
    return first == 0xc2 && byte_at(character, 1) < 0xa0;  // C1
}

}  // namespace

std::size_t utf8_size(std::string_view text) noexcept {
    const Announced announced = announced_by(byte_at(text, 0));
    if (announced.size == 0 || text.size() < announced.size) return 0;
    std::uint32_t code = announced.bits;
    for (std::size_t i = 1; i < announced.size; ++i) {
        const std::uint32_t byte = byte_at(text, i);
        if ((byte & 0xc0U) != 0x80) return 0;
        code = (code << 6U) | (byte & 0x3fU);
    }
    return is_character(code, announced.smallest) ? announced.size : 0;
}

std::string escape_controls(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
        if (size > 0 && !is_control(character)) {
            escaped += character;
        } else {
            for (std::size_t i = 0; i < character.size(); ++i) {
                const std::uint32_t byte = byte_at(character, i);
                escaped += "\\x";
                escaped += kHexDigits[byte >> 4U];
                escaped += kHexDigits[byte & 0xfU];
            }
        }
        text.remove_prefix(character.size());
    }
    return escaped;
}

}  // namespace curvecp
