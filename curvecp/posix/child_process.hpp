// Starts programs without copying the parent's memory, and says how they ended.
#pragma once

#include "curvecp/posix/confinement.hpp"

#include <span>

namespace curvecp {

// The child's descriptor `to` is the parent's `from`.
struct DescriptorMapping {
    int from;
    int to;
};

// A session's process groups tell whom a terminal's keys and kill() mean.
enum class ProcessGroup { Parents, Own };

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
    ProcessGroup group = ProcessGroup::Parents;
    // Taken on in the order of its members, after the descriptors are in place; the program is
    // looked for after that. Nobody's where it is null.
    const Confinement* confinement = nullptr;
};

// What a start can fail at.
enum class StartStep : std::uint8_t { Program, Descriptors, Group, Limits, RootDirectory, User };

struct Started {
    pid_t pid = -1;
    int error = 0;                        // errno, and no pid
    StartStep step = StartStep::Program;  // that failed
    explicit operator bool() const noexcept { return error == 0; }
};

// The child has the parent's working directory, or / where its file system is another one; SIGPIPE,
// SIGCHLD and SIGXFSZ at their defaults and no signal blocked. Descriptors of the parent are not
// changed. An error is also that of exec: ENOENT for a program that is not found.
[[nodiscard]] Started start(const ChildProcess& child);

// Why there is no child: "program cat: No such file or directory".
[[nodiscard]] std::string explain(const std::string& program, StartStep step, int error);

// What a program exited with; nullopt where a signal killed it.
[[nodiscard]] std::optional<int> exit_code_of(int wait_status) noexcept;
// The signal that killed it.
[[nodiscard]] std::optional<int> signal_of(int wait_status) noexcept;

// Whether a child is ending, or has ended and was not waited for: so is one that was killed before
// the descriptors that it had are seen closed. nullopt where /proc does not tell.
[[nodiscard]] std::optional<bool> is_ending(pid_t pid);

[[nodiscard]] std::vector<std::string> current_environment();

}  // namespace curvecp
