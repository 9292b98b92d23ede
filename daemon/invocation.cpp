#include "daemon/invocation.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/program_search.hpp"

#include <array>
#include <climits>

#include <unistd.h>

namespace curvecp::daemon {
namespace {

constexpr std::string_view kCheck = "--check-handover";
constexpr std::string_view kHandover = "--handover";
constexpr std::uint64_t kLargestDescriptor = INT_MAX;

int descriptor(std::string_view option, std::string_view text) {
    return static_cast<int>(
        parse_number("option " + std::string(option), text, 0, kLargestDescriptor));
}

std::string running_program() {
    std::array<char, PATH_MAX> path{};
    const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

// What the operator has called: where a link in it leads elsewhere later, so does the path.
std::string absolute_path(const std::string& name) {
    std::string found;
    try {
        found = find_program(name);
    } catch (const StartError&) {
        return running_program();  // called by another name than its file's
    }
    std::array<char, PATH_MAX> directory{};
    if (found.starts_with('/') || getcwd(directory.data(), directory.size()) == nullptr) {
        return found;
    }
    return std::string(directory.data()) + "/" + found;
}

}  // namespace

Invocation::Invocation(int argc, char** argv) : arguments_(argv, argv + argc) {
    if (arguments_.empty()) arguments_.emplace_back();
    take_purpose(arguments_);
    arguments_.front() = absolute_path(arguments_.front());
}

void Invocation::take_purpose(std::vector<std::string>& arguments) {
    if (arguments.size() < 2) return;
    const std::string option = arguments[1];
    if (option != kCheck && option != kHandover) return;
    if (arguments.size() < 3) throw UsageError("option " + option + ": needs a value");
    const std::string& value = arguments[2];
    const auto comma = option == kHandover ? value.find(',') : std::string::npos;
    state_ = descriptor(option, std::string_view(value).substr(0, comma));
    if (comma != std::string::npos) {
        old_program_ = descriptor(option, std::string_view(value).substr(comma + 1));
    }
    purpose_ = option == kCheck ? Purpose::CheckHandover : Purpose::Handover;
    arguments.erase(arguments.begin() + 1, arguments.begin() + 3);
}

std::vector<std::string> Invocation::to_check(int state) const {
    return with(std::string(kCheck), std::to_string(state));
}

std::vector<std::string> Invocation::to_hand_over(int state, int old_program) const {
    return with(std::string(kHandover), std::to_string(state) + "," + std::to_string(old_program));
}

std::vector<std::string> Invocation::to_return(int state) const {
    return with(std::string(kHandover), std::to_string(state));
}

std::vector<std::string> Invocation::with(const std::string& option,
                                          const std::string& value) const {
    std::vector<std::string> all{arguments_.front(), option, value};
    all.insert(all.end(), arguments_.begin() + 1, arguments_.end());
    return all;
}

std::vector<char*> pointers_of(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    // exec() does not write into them.
    for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace curvecp::daemon
