// curvecpmessage's command line, checked and turned into values.
#pragma once

#include "curvecp/posix/log.hpp"
#include "messagehandler/stream_pair.hpp"

#include <string>
#include <vector>

namespace curvecp::messagehandler {

struct Options {
    Verbosity verbosity = Verbosity::Errors;
    StreamPair::Config config;
    std::optional<std::string> trace;  // a file
    bool stdio = false;                // own standard input and output in place of a program
    std::vector<std::string> program;  // and its arguments; empty with stdio
    std::string program_path;          // where it was found
};

// False where only help or the version was asked for, which is then printed. Throws a UsageError
// that names the option or position and the value that is wrong; options.verbosity is right then as
// far as the options were.
[[nodiscard]] bool parse_options(int argc, char** argv, Options& options);

}  // namespace curvecp::messagehandler
