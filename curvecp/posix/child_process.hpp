// Starts programs without copying the parent's memory, and says how they ended.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

namespace curvecp {

// The child's descriptor `to` is the parent's `from`.
struct DescriptorMapping {
    int from;
    int to;
};

struct ChildProcess {
    // The program, looked for in the parent's PATH where it has no slash, and its arguments.
    std::span<const std::string> arguments;
    // NAME=value.
    std::span<const std::string> environment;
    // Any numbers, also crossing ones. 0, 1 and 2 are inherited where they are not mapped; nothing
    // else is open in the child.
    std::span<const DescriptorMapping> descriptors;
    // Where the program was found already; empty: it is looked for.
    std::string path = {};
};

struct Started {
    pid_t pid = -1;
    int error = 0;  // errno, and no pid
    explicit operator bool() const noexcept { return error == 0; }
};

// The child has the parent's working directory, SIGPIPE, SIGCHLD and SIGXFSZ at their defaults and
// no signal blocked. Descriptors of the parent are not changed. An error is also that of exec:
// ENOENT for a program that is not found.
[[nodiscard]] Started start(const ChildProcess& child);

// What a program exited with; nullopt where a signal killed it.
[[nodiscard]] std::optional<int> exit_code_of(int wait_status) noexcept;
// The signal that killed it.
[[nodiscard]] std::optional<int> signal_of(int wait_status) noexcept;

// Whether a child is ending, or has ended and was not waited for: so is one that was killed before
// the descriptors that it had are seen closed. nullopt where /proc does not tell.
[[nodiscard]] std::optional<bool> is_ending(pid_t pid);

[[nodiscard]] std::vector<std::string> current_environment();

}  // namespace curvecp
