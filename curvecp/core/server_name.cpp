#include "curvecp/core/server_name.hpp"

namespace curvecp {

std::optional<ServerName> parse_server_name(std::string_view text) noexcept {
    constexpr std::size_t kMaxLabel = 63;                      // specification
    constexpr std::size_t kMaxLabels = ServerName::kSize - 1;  // specification: a zero ends them
    ServerName name;
    const auto bytes = name.bytes();
    std::size_t used = 0;
    while (!text.empty()) {
        const std::string_view label = text.substr(0, text.find('.'));
        text.remove_prefix(std::min(label.size() + 1, text.size()));
        if (label.empty()) continue;
        if (label.size() > kMaxLabel || used + 1 + label.size() > kMaxLabels) return std::nullopt;
        bytes[used] = static_cast<std::uint8_t>(label.size());
        std::copy(label.begin(), label.end(), bytes.subspan(used + 1).begin());
        used += 1 + label.size();
    }
    return name;
}

}  // namespace curvecp
