// curvecpclient's command line, checked and turned into values.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/client_handshake.hpp"
#include "curvecp/posix/log.hpp"

#include <string>
#include <vector>

namespace curvecp::client {

struct Options {
    Verbosity verbosity = Verbosity::Errors;
    std::string key_directory;  // empty for a key that is made up for the run
    std::string server_name_text;
    ServerContact server;
    std::vector<Address> addresses;    // of the server, all with one port
    std::vector<std::string> handler;  // program and its arguments
};

// False where only help or the version was asked for, which is then printed. Throws a UsageError
// that names the option or position and the value that is wrong; options.verbosity is right then
// as far as the options were.
[[nodiscard]] bool parse_options(int argc, char** argv, Options& options);

}  // namespace curvecp::client
