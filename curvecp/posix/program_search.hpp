// Finding programs before they are needed, so that a misspelt name ends the start, not the first
// connection.
#pragma once

#include <string>

namespace curvecp {

// The path of the program that exec would run: `name` itself where it has a slash, else the first
// match in PATH. Throws a StartError that names the program.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace curvecp
