// A name from any text is in DNS wire form, and reads as that text without its empty labels; what
// is refused has a label or a whole that is too long.
#include "curvecp/core/server_name.hpp"
#include "tests/fuzz/input.hpp"

#include <string>

namespace curvecp::fuzz {
namespace {

// Label by label with a dot behind each; checks that only zeros follow.
std::string text_of(const ServerName& name) {
    const auto bytes = name.bytes();
    std::string text;
    std::size_t at = 0;
    while (bytes[at] != 0) {
        const std::size_t length = bytes[at];
        require(length <= 63 && at + 1 + length < bytes.size(), "a label fits");
        text.append(bytes.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                    bytes.begin() + static_cast<std::ptrdiff_t>(at + 1 + length));
        text += '.';
        at += 1 + length;
    }
    require(std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(),
                        [](std::uint8_t byte) { return byte == 0; }),
            "zeros follow the labels");
    return text;
}

void parse(std::string_view text) {
    std::string expected;
    std::size_t label = 0;
    std::size_t longest = 0;
    for (const char character : std::string(text) + '.') {
        if (character == '.' && label == 0) continue;
        expected += character;
        label = character == '.' ? 0 : label + 1;
        longest = std::max(longest, label);
    }
    const auto name = parse_server_name(text);
    require(name.has_value() == (longest <= 63 && expected.size() <= 255), "what is refused");
    if (name) require(text_of(*name) == expected, "the labels are those of the text");
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    curvecp::fuzz::parse(text);
    return 0;
}
