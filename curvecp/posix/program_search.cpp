#include "curvecp/posix/program_search.hpp"

#include "curvecp/posix/failure.hpp"

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace curvecp {
namespace {

bool is_executable(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return false;
    if (S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0) return true;
    errno = S_ISREG(status.st_mode) ? EACCES : EISDIR;
    return false;
}

}  // namespace

std::vector<std::string> program_candidates(const std::string& name) {
    if (name.find('/') != std::string::npos) return {name};
    std::vector<std::string> candidates;
    const char* const path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/bin:/usr/bin" : path;  // as exec does
    while (!name.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        // An empty part of PATH means the working directory.
        candidates.push_back(std::string(folder.empty() ? "." : folder) + "/" + name);
        if (folder.size() == rest.size()) break;
        rest.remove_prefix(folder.size() + 1);
    }
    return candidates;
}

std::optional<std::string> search_program(const std::string& name) {
    for (std::string& candidate : program_candidates(name)) {
        if (is_executable(candidate)) return std::move(candidate);
        if (candidate == name) return std::nullopt;  // it has a slash, and errno says why
    }
    errno = ENOENT;
    return std::nullopt;
}

std::string find_program(const std::string& name) {
    auto found = search_program(name);
    if (found) return std::move(*found);
    if (name.find('/') != std::string::npos) throw StartError("program " + name, errno);
    throw StartError("program " + name + ": not found");
}

}  // namespace curvecp
