// curvecpserver's command line, checked and turned into values.
#pragma once

#include "daemon/privilege_options.hpp"
#include "daemon/settings.hpp"

#include <variant>

namespace curvecp::daemon {

// Where events go: the path of a socket, or a descriptor that was inherited.
using EventTarget = std::variant<std::string, int>;

struct ServerOptions : Settings {
    std::vector<EventTarget> events;
    std::string config;         // a file that describes the services; empty: the command line does
    bool check_config = false;  // and nothing else
    std::optional<UserIdentity> user;  // that the server is to become
    std::string control;               // the path of a socket; empty: none
    LogFormat log_format = LogFormat::Text;
    Duration drain_timeout{};
};

// False where only help or the version was asked for, which is then printed. Throws UsageError,
// whose text names the option or position and the value that is wrong; the verbosity is set before
// that.
[[nodiscard]] bool parse_options(int argc, char** argv, ServerOptions& options);

}  // namespace curvecp::daemon
