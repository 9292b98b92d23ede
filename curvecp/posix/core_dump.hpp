// Keeps the secrets of a process out of files and debuggers.
#pragma once

namespace curvecp {

// No core dump of this process, and no ptrace by the same user. The limits that children inherit
// stay as they are; a program that the process becomes or starts is not concerned.
void forbid_core_dumps() noexcept;

}  // namespace curvecp
