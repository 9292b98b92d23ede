// What the key tools share around their work: command line, output, errors and exit codes.
#pragma once

#include <string>
#include <string_view>

namespace curvecp::keytools {

// Gets the path of the key directory and returns what belongs on stdout.
using Work = std::string (*)(const std::string& key_directory);

// The exit code. A failure, also one to write, is one line on stderr.
[[nodiscard]] int run(std::string_view program, std::string_view description, Work work, int argc,
                      char** argv);

}  // namespace curvecp::keytools
