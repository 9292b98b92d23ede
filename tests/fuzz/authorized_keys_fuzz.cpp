// A file of keys from any text is taken whole or not at all; what is taken says only what a handler
// and a log may hear.
#include "daemon/authorized_keys.hpp"
#include "tests/fuzz/input.hpp"

namespace curvecp::fuzz {
namespace {

using namespace daemon;

bool is_plain(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char character) {
        return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
    });
}

void look_at_keys(std::string_view text) {
    const auto result = parse_authorized_keys(text);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    if (const auto* error = std::get_if<RuleError>(&result)) {
        require(error->line >= 1 && error->line <= lines, "a line of the file is named");
        require(!error->reason.empty(), "and what is wrong with it");
        require(error->reason.find('\n') == std::string::npos, "in one line");
        return;
    }
    const auto& keys = std::get<AuthorizedKeys>(result);
    require(keys.size() <= lines, "a key a line");
    keys.visit_all([lines](const PublicKey& /*client*/, const AuthorizedKey& key) {
        require(key.line >= 1 && key.line <= lines, "it stands in the file");
        require(key.name.empty() || is_client_name(key.name), "a name for a log");
        require(is_plain(key.command), "a command in one line");
        require(!key.max || *key.max > 0, "a limit that lets somebody in");
        for (const std::string& variable : key.environment) {
            require(is_variable(variable) && is_plain(variable), "a variable");
            require(!variable.starts_with("CURVECP"), "that tells nothing of the connection");
        }
    });
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    curvecp::fuzz::look_at_keys(text);
    return 0;
}
