// curvecpserver's command line, checked and turned into values.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/keys.hpp"
#include "curvecp/core/server_name.hpp"
#include "curvecp/posix/log.hpp"

#include <string>
#include <variant>
#include <vector>

namespace curvecp::daemon {

// Where events go: the path of a socket, or a descriptor that was inherited.
using EventTarget = std::variant<std::string, int>;

struct ServerOptions {
    Verbosity verbosity = Verbosity::Errors;
    std::size_t max_connections = 100;  // as the reference's
    std::vector<EventTarget> events;
    std::string server_name_text;
    ServerName server_name;
    std::string key_directory;
    Address address;
    Extension extension;
    std::vector<std::string> handler;  // program and arguments
};

// False where only help or the version was asked for, which is then printed. Throws UsageError,
// whose text names the option or position and the value that is wrong; the verbosity is set before
// that.
[[nodiscard]] bool parse_options(int argc, char** argv, ServerOptions& options);

}  // namespace curvecp::daemon
