#include "curvecp/posix/child_process.hpp"

#include "curvecp/posix/caught_signals.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/program_search.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr int kLastStandardDescriptor = 2;
// What we ignore ourselves. What we inherited as ignored stays so: nohup is meant for children too.
constexpr std::array kOursIgnored{SIGPIPE, SIGCHLD, SIGXFSZ};

// All that a child needs, made beforehand: it lives in its parent's memory until it has become the
// program, and must not allocate.
struct Plan {
    char* const* paths;  // of the program, the last is null; tried in this order
    char* const* arguments;
    char* const* environment;
    std::span<const DescriptorMapping> descriptors;
    int last_descriptor;
    sigset_t to_default;  // else a signal would run the parent's handler in the child
    ProcessGroup group;
    const Confinement* confinement;  // may be null
    int error = 0;                   // the child's
    StartStep step = StartStep::Program;
};

int last_descriptor_of(const ChildProcess& child) noexcept {
    int last = kLastStandardDescriptor;
    for (const auto& mapping : child.descriptors) last = std::max(last, mapping.to);
    return last;
}

// Sources that stand where the child wants something else are moved out of the way first; they
// live until the child is started.
int move_sources(std::span<DescriptorMapping> descriptors, int last, std::vector<Fd>& moved) {
    for (auto& [from, to] : descriptors) {
        if (from > last || from == to) continue;
        const int source = fcntl(from, F_DUPFD_CLOEXEC, last + 1);
        if (source < 0) return errno;
        moved.emplace_back(source);
        from = source;
    }
    return 0;
}

// --- in the child

void set_signals(const Plan& plan) noexcept {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        if (sigismember(&plan.to_default, signal) == 1) sigaction(signal, &standard, nullptr);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool is_mapped(const Plan& plan, int fd) noexcept {
    return std::any_of(plan.descriptors.begin(), plan.descriptors.end(),
                       [fd](const DescriptorMapping& mapping) { return mapping.to == fd; });
}

int put_descriptors(const Plan& plan) noexcept {
    for (const auto& [from, to] : plan.descriptors) {
        // Onto itself it would still be closed by exec.
        const int result = from == to ? fcntl(to, F_SETFD, 0) : dup2(from, to);
        if (result < 0) return errno;
    }
    return 0;
}

// Kernels before 5.9 know no close_range(); there exec closes what was opened here, since all of it
// is marked so.
void close_all_others(const Plan& plan) noexcept {
    int first = kLastStandardDescriptor + 1;
    for (int fd = first; fd <= plan.last_descriptor; ++fd) {
        if (!is_mapped(plan, fd)) continue;
        if (fd > first) close_range(static_cast<unsigned>(first), static_cast<unsigned>(fd - 1), 0);
        first = fd + 1;
    }
    close_range(static_cast<unsigned>(first), ~0U, 0);
}

bool take_on(std::span<const ResourceLimit> limits) noexcept {
    return std::all_of(limits.begin(), limits.end(), [](const ResourceLimit& each) {
        const rlimit both{each.value, each.value};
        // glibc takes an enumeration.
        return setrlimit(static_cast<__rlimit_resource>(each.resource), &both) == 0;
    });
}

bool enter(const std::string& directory) noexcept {
    return directory.empty() || (chroot(directory.c_str()) == 0 && chdir("/") == 0);
}

bool turn_into(const UserIdentity& identity) noexcept {
    return setgroups(identity.groups.size(), identity.groups.data()) == 0 &&
           setresgid(identity.group, identity.group, identity.group) == 0 &&
           setresuid(identity.user, identity.user, identity.user) == 0;
}

int confine(Plan& plan) noexcept {
    if (plan.confinement == nullptr) return 0;
    const auto& [limits, root_directory, user] = *plan.confinement;
    plan.step = StartStep::Limits;
    if (!take_on(limits)) return errno;
    plan.step = StartStep::RootDirectory;
    if (!enter(root_directory)) return errno;
    plan.step = StartStep::User;
    return !user || turn_into(*user) ? 0 : errno;
}

int prepare(Plan& plan) noexcept {
    plan.step = StartStep::Group;
    if (plan.group == ProcessGroup::Own && setpgid(0, 0) != 0) return errno;
    plan.step = StartStep::Descriptors;
    if (const int error = put_descriptors(plan)) return error;
    close_all_others(plan);
    return confine(plan);
}

// Returns only where that fails.
int execute(const Plan& plan) noexcept {
    int error = ENOENT;
    for (char* const* path = plan.paths; *path != nullptr; ++path) {
        execve(*path, plan.arguments, plan.environment);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return errno;
        // What is there and cannot be had is told rather than what is not there.
        if (error != EACCES) error = errno;
    }
    return error;
}

[[noreturn, gnu::noinline]] void be_program(Plan& plan) noexcept {
    plan.error = prepare(plan);
    if (plan.error == 0) {
        plan.step = StartStep::Program;
        set_signals(plan);
        plan.error = execute(plan);
    }
    _exit(kExitFailure);
}

// --- in the parent

// The child borrows the parent's memory and the parent sleeps until it has become the program, so
// nothing is copied. posix_spawn() does so, too, but asks for and sets each of 62 signals.
[[gnu::noinline]] pid_t begin_child(Plan& plan) noexcept {
    const pid_t pid = vfork();       // NOLINT(clang-analyzer-security.insecureAPI.vfork)
    if (pid == 0) be_program(plan);  // NOLINT(clang-analyzer-unix.Vfork): it does what a child may
    return pid;
}

Started run(Plan& plan) noexcept {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t pid = begin_child(plan);
    const int error = pid < 0 ? errno : plan.error;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (error == 0) return {.pid = pid};
    while (pid > 0 && waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return {.pid = -1, .error = error, .step = plan.step};
}

std::vector<char*> pointers_to(std::span<const std::string> texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    // exec() does not write into them.
    for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

sigset_t signals_to_default() noexcept {
    sigset_t signals = caught_signals();
    for (const int signal : kOursIgnored) sigaddset(&signals, signal);
    return signals;
}

// Where the program may be, as seen from where it is executed; empty, with errno, where it is not.
std::vector<std::string> paths_of(const ChildProcess& child) {
    const bool elsewhere =
        child.confinement != nullptr && !child.confinement->root_directory.empty();
    if (elsewhere) return program_candidates(child.arguments.front());
    if (!child.path.empty()) return {child.path};
    if (auto found = search_program(child.arguments.front())) return {std::move(*found)};
    return {};
}

}  // namespace

Started start(const ChildProcess& child) {
    if (child.arguments.empty()) return {.pid = -1, .error = ENOENT};
    const auto paths = paths_of(child);
    if (paths.empty()) return {.pid = -1, .error = errno};
    std::vector<DescriptorMapping> descriptors(child.descriptors.begin(), child.descriptors.end());
    std::vector<Fd> moved;
    const int last = last_descriptor_of(child);
    if (const int error = move_sources(descriptors, last, moved)) {
        return {.pid = -1, .error = error, .step = StartStep::Descriptors};
    }
    const auto path_pointers = pointers_to(paths);
    const auto arguments = pointers_to(child.arguments);
    const auto environment = pointers_to(child.environment);
    Plan plan{.paths = path_pointers.data(),
              .arguments = arguments.data(),
              .environment = environment.data(),
              .descriptors = descriptors,
              .last_descriptor = last,
              .to_default = signals_to_default(),
              .group = child.group,
              .confinement = child.confinement};
    return run(plan);
}

std::string explain(const std::string& program, StartStep step, int error) {
    const auto about = [step]() -> std::string_view {
        switch (step) {
            case StartStep::Program:
                return "";
            case StartStep::Descriptors:
                return "its descriptors: ";
            case StartStep::Group:
                return "its process group: ";
            case StartStep::Limits:
                return "its resource limits: ";
            case StartStep::RootDirectory:
                return "its root directory: ";
            case StartStep::User:
                return "its user: ";
        }
        return "";
    };
    return "program " + program + ": " + std::string(about()) + std::strerror(error);
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
