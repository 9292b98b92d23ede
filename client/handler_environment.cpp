#include "client/handler_environment.hpp"

#include "curvecp/core/hex.hpp"

namespace curvecp::client {
namespace {

bool must_not_be_inherited(std::string_view variable) noexcept {
    constexpr std::array<std::string_view, 4> kPrefixes{"PROTO=", "CURVECP",
                                                        "NOTIFY_SOCKET=", "LISTEN_"};
    return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                       [&](std::string_view prefix) { return variable.starts_with(prefix); });
}

}  // namespace

std::vector<std::string> handler_environment(std::vector<std::string> inherited,
                                             const HandlerSurroundings& surroundings) {
    std::erase_if(inherited, must_not_be_inherited);
    std::vector<std::string>& variables = inherited;
    variables.emplace_back("PROTO=CURVECP");
    if (!surroundings.local.ip.is_wildcard()) {
        variables.push_back("CURVECPLOCALIP=" + to_text(surroundings.local.ip));
        variables.push_back("CURVECPLOCALPORT=" + std::to_string(surroundings.local.port));
    }
    variables.push_back("CURVECPREMOTEIP=" + to_text(surroundings.server.ip));
    variables.push_back("CURVECPREMOTEPORT=" + std::to_string(surroundings.server.port));
    variables.push_back("CURVECPREMOTEPK=" + to_hex(surroundings.server_long_term.bytes()));
    variables.push_back("CURVECPREMOTEEXTENSION=" + to_hex(surroundings.server_extension.bytes()));
    variables.push_back("CURVECPLOCALEXTENSION=" + to_hex(surroundings.client_extension.bytes()));
    variables.push_back("CURVECPSERVERNAME=" + surroundings.server_name);
    return variables;
}

}  // namespace curvecp::client
