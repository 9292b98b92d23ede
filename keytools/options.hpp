// The command line of a key tool: one key directory.
#pragma once

#include <string>
#include <variant>

namespace curvecp::keytools {

struct Tool {
    std::string name;
    std::string description;
};

struct Options {
    std::string key_directory;
};

// What --help and --version want on stdout.
struct Text {
    std::string text;
};

// Throws UsageError.
[[nodiscard]] std::variant<Options, Text> parse_options(const Tool& tool, int argc, char** argv);

}  // namespace curvecp::keytools
