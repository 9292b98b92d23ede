// JSON (RFC 8259) as the project writes it: flat objects on one line, member by member.
#pragma once

#include "curvecp/core/time.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace curvecp {

// Adds a string in its quotes. A reader gets the same characters; what is no UTF-8 comes as U+FFFD,
// and no control character, nor half of one, is in the bytes.
void append_json_string(std::string& line, std::string_view text);

class JsonObject {
  public:
    JsonObject& add(std::string_view name, std::string_view text);
    JsonObject& add(std::string_view name, std::integral auto value) {
        if constexpr (std::same_as<decltype(value), bool>) {
            return add_raw(name, value ? "true" : "false");
        } else {
            return add_raw(name, std::to_string(value));
        }
    }
    // In seconds, to the millisecond.
    JsonObject& add(std::string_view name, Duration duration);

    // The whole object, without an end of line. Nothing more can be added.
    [[nodiscard]] std::string take() &&;

  private:
    void begin(std::string_view name);
    JsonObject& add_raw(std::string_view name, std::string_view value);

    std::string text_;
};

}  // namespace curvecp
