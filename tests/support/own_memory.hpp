// A look at this process's own memory.
#pragma once

#include "curvecp/core/bytes.hpp"

namespace curvecp::testing {

// Whether the bytes are somewhere in the memory that is left out of core dumps, where Locked keeps
// its values.
[[nodiscard]] bool is_in_undumped_memory(Bytes bytes);

}  // namespace curvecp::testing
