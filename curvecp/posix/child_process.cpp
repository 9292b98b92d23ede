#include "curvecp/posix/child_process.hpp"

#include "curvecp/posix/fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kLastStandardDescriptor = 2;
// What we change ourselves. What we inherited as ignored stays so: nohup is meant for children too.
constexpr std::array kDefaultSignals{SIGPIPE, SIGCHLD, SIGXFSZ};

class FileActions {
  public:
    FileActions() noexcept { posix_spawn_file_actions_init(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

    [[nodiscard]] posix_spawn_file_actions_t* get() noexcept { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
  public:
    Attributes() noexcept {
        posix_spawnattr_init(&attributes_);
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes_, &signals);
        for (const int signal : kDefaultSignals) sigaddset(&signals, signal);
        posix_spawnattr_setsigdefault(&attributes_, &signals);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }

    [[nodiscard]] posix_spawnattr_t* get() noexcept { return &attributes_; }

  private:
    posix_spawnattr_t attributes_{};
};

int last_descriptor_of(const ChildProcess& child) noexcept {
    int last = kLastStandardDescriptor;
    for (const auto& mapping : child.descriptors) last = std::max(last, mapping.to);
    return last;
}

bool is_mapped(const ChildProcess& child, int fd) noexcept {
    return std::any_of(child.descriptors.begin(), child.descriptors.end(),
                       [fd](const DescriptorMapping& mapping) { return mapping.to == fd; });
}

// Sources that stand where the child wants something else are moved out of the way first; they
// live until the child is started.
int arrange_descriptors(const ChildProcess& child, FileActions& actions, std::vector<Fd>& moved) {
    const int last = last_descriptor_of(child);
    for (const auto& [from, to] : child.descriptors) {
        int source = from;
        if (from <= last && from != to) {
            source = fcntl(from, F_DUPFD_CLOEXEC, last + 1);
            if (source < 0) return errno;
            moved.emplace_back(source);
        }
        const int error = posix_spawn_file_actions_adddup2(actions.get(), source, to);
        if (error != 0) return error;
    }
    for (int fd = kLastStandardDescriptor + 1; fd <= last; ++fd) {
        if (is_mapped(child, fd)) continue;
        const int error = posix_spawn_file_actions_addclose(actions.get(), fd);
        if (error != 0) return error;
    }
    return posix_spawn_file_actions_addclosefrom_np(actions.get(), last + 1);
}

std::vector<char*> pointers_to(std::span<const std::string> texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    // exec() does not write into them.
    for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

Started start(const ChildProcess& child) {
    if (child.arguments.empty()) return {.pid = -1, .error = ENOENT};
    Attributes attributes;
    FileActions actions;
    std::vector<Fd> moved;
    Started started;
    started.error = arrange_descriptors(child, actions, moved);
    if (started.error != 0) return started;
    const auto arguments = pointers_to(child.arguments);
    const auto environment = pointers_to(child.environment);
    // glibc starts it by vfork: the parent's memory is not copied.
    started.error = posix_spawnp(&started.pid, arguments.front(), actions.get(), attributes.get(),
                                 arguments.data(), environment.data());
    if (started.error != 0) started.pid = -1;
    return started;
}

std::optional<int> exit_code_of(int wait_status) noexcept {
    if (!WIFEXITED(wait_status)) return std::nullopt;
    return WEXITSTATUS(wait_status);
}

std::optional<int> signal_of(int wait_status) noexcept {
    if (!WIFSIGNALED(wait_status)) return std::nullopt;
    return WTERMSIG(wait_status);
}

std::optional<bool> is_ending(pid_t pid) {
    constexpr unsigned kEnding = 0x4;  // PF_EXITING of linux/sched.h
    constexpr int kFieldsBefore = 6;   // state, parent, group, session, terminal, its group
    const Fd file(open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 512> buffer{};
    const ssize_t size = file ? read(file.get(), buffer.data(), buffer.size()) : -1;
    if (size <= 0) return std::nullopt;
    std::string_view text(buffer.data(), static_cast<std::size_t>(size));
    // The name may have any characters.
    text.remove_prefix(std::min(text.rfind(')') + 1, text.size()));
    for (int field = 0; field <= kFieldsBefore; ++field) {
        text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
    }
    unsigned flags = 0;
    if (std::from_chars(text.begin(), text.end(), flags).ec != std::errc()) return std::nullopt;
    return (flags & kEnding) != 0;
}

std::vector<std::string> current_environment() {
    std::vector<std::string> variables;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        variables.emplace_back(*variable);
    }
    return variables;
}

}  // namespace curvecp
