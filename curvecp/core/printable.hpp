// Texts from outside, made fit for a terminal, a log and JSON: what is in them moves no cursor,
// ends no line and breaks no document.
#pragma once

#include <string>
#include <string_view>

namespace curvecp {

// How many bytes at the start of a text, which is not empty, are one character of UTF-8; 0 where
// they are none.
[[nodiscard]] std::size_t utf8_size(std::string_view text) noexcept;

// The text with each control character as \x1b. What is no UTF-8 is written so too.
[[nodiscard]] std::string escape_controls(std::string_view text);

}  // namespace curvecp
