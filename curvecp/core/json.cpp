#include "curvecp/core/json.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/core/printable.hpp"

#include <algorithm>
#include <cstdint>

namespace curvecp {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

// The control characters, also those of two bytes, which JSON would allow and a terminal obey.
bool is_control(std::uint8_t first, std::uint8_t last) noexcept {
    return first < 0x20 || first == 0x7f || (first == 0xc2 && last < 0xa0);
}

void append_character(std::string& line, std::string_view character) {
    const auto last = static_cast<std::uint8_t>(character.back());
    if (character == "\"" || character == "\\") {
        line += '\\';
        line += character;
    } else if (is_control(static_cast<std::uint8_t>(character.front()), last)) {
        line += "\\u00";
        line += kHexDigits[last >> 4U];
        line += kHexDigits[last & 0xfU];
    } else {
        line += character;
    }
}

}  // namespace

void append_json_string(std::string& line, std::string_view text) {
    line += '"';
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        if (size == 0) {
            line += kReplacement;
        } else {
            append_character(line, text.substr(0, size));
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    line += '"';
}

void JsonObject::begin(std::string_view name) {
    text_ += text_.empty() ? '{' : ',';
    append_json_string(text_, name);
    text_ += ':';
}

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view value) {
    begin(name);
    text_ += value;
    return *this;
}

JsonObject& JsonObject::add(std::string_view name, std::string_view text) {
    begin(name);
    append_json_string(text_, text);
    return *this;
}

JsonObject& JsonObject::add(std::string_view name, Duration duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    const std::string sign = ms < 0 ? "-" : "";
    const auto size = ms < 0 ? -ms : ms;
    return add_raw(name, sign + std::to_string(size / 1000) + "." +
                             std::to_string(1000 + size % 1000).substr(1));
}

std::string JsonObject::take() && {
    text_ += text_.empty() ? "{}" : "}";
    return std::move(text_);
}

}  // namespace curvecp
