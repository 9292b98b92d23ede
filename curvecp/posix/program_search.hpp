// Finding programs before they are needed, so that a misspelt name ends the start, not the first
// connection.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace curvecp {

// The path of the program that exec would run: `name` itself where it has a slash, else the first
// match in PATH. nullopt, with errno set, where there is none.
[[nodiscard]] std::optional<std::string> search_program(const std::string& name);

// The same. Throws a StartError that names the program.
[[nodiscard]] std::string find_program(const std::string& name);

// Where exec looks for it, in this order: `name` itself where it has a slash, else in each folder
// of this process's PATH.
[[nodiscard]] std::vector<std::string> program_candidates(const std::string& name);

}  // namespace curvecp
