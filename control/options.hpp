// curvecpctl's command line, checked and turned into values.
#pragma once

#include "curvecp/posix/log.hpp"

#include <string>

namespace curvecp::control {

struct Options {
    Verbosity verbosity = Verbosity::Errors;
    std::string socket = "/run/curvecp/control";  // ours
    std::string command;                          // a line without its end
};

// False where only help or the version was asked for, which is then printed. Throws UsageError.
[[nodiscard]] bool parse_options(int argc, char** argv, Options& options);

}  // namespace curvecp::control
