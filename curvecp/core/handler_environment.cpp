#include "curvecp/core/handler_environment.hpp"

#include "curvecp/core/hex.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace curvecp {
namespace {

// Would mislead a handler: another connection's names, and our own dealings with a service manager.
bool is_cleared(std::string_view variable) noexcept {
    constexpr std::array<std::string_view, 2> kNames{"PROTO=", "NOTIFY_SOCKET="};
    constexpr std::array<std::string_view, 4> kPrefixes{"CURVECP", "TCP", "LISTEN_", "WATCHDOG_"};
    const auto begins = [variable](std::string_view start) { return variable.starts_with(start); };
    return std::any_of(kNames.begin(), kNames.end(), begins) ||
           std::any_of(kPrefixes.begin(), kPrefixes.end(), begins);
}

// Puts a variable into the place of one with the same name.
void put(std::vector<std::string>& variables, const std::string& variable) {
    const std::string_view name = std::string_view(variable).substr(0, variable.find('=') + 1);
    const auto same = [name](const std::string& other) { return other.starts_with(name); };
    variables.erase(std::remove_if(variables.begin(), variables.end(), same), variables.end());
    variables.push_back(variable);
}

}  // namespace

HandlerEnvironment::HandlerEnvironment(const std::vector<std::string>& inherited,
                                       const std::string& server_name) {
    std::remove_copy_if(inherited.begin(), inherited.end(), std::back_inserter(common_),
                        [](const std::string& variable) { return is_cleared(variable); });
    common_.emplace_back("PROTO=CURVECP");
    common_.push_back("CURVECPSERVERNAME=" + server_name);
}

std::vector<std::string> HandlerEnvironment::with(const HandlerIntroduction& introduction) const {
    std::vector<std::string> variables = common_;
    for (const std::string& variable : introduction.variables) put(variables, variable);
    const auto add = [&variables](std::string_view name, const std::string& value) {
        variables.push_back(std::string(name) + "=" + value);
    };
    if (!introduction.local.ip.is_wildcard()) {
        add("CURVECPLOCALIP", to_text(introduction.local.ip));
        add("CURVECPLOCALPORT", std::to_string(introduction.local.port));
    }
    add("CURVECPREMOTEIP", to_text(introduction.remote.ip));
    add("CURVECPREMOTEPORT", std::to_string(introduction.remote.port));
    add("CURVECPREMOTEPK", to_hex(introduction.remote_long_term.bytes()));
    add("CURVECPLOCALEXTENSION", to_hex(introduction.local_extension.bytes()));
    add("CURVECPREMOTEEXTENSION", to_hex(introduction.remote_extension.bytes()));
    add("CURVECPCONNID", std::to_string(introduction.connection_number));
    if (!introduction.remote_name.empty()) add("CURVECPREMOTENAME", introduction.remote_name);
    return variables;
}

}  // namespace curvecp
