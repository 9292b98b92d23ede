// Files that an operator writes.
#pragma once

#include <string>

namespace curvecp {

// The whole text. Throws a StartError that names the file where it cannot be read, or is larger
// than any such file is.
[[nodiscard]] std::string read_text_file(const std::string& path);

}  // namespace curvecp
