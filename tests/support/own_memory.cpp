#include "tests/support/own_memory.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace curvecp::testing {
namespace {

struct Mapping {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::string rights;
};

// The sanitizers' own mappings are left out of core dumps too, but huge.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20U;

bool begins(const std::string& line, Mapping& mapping) {
    char dash = 0;
    std::istringstream text(line);
    return static_cast<bool>(text >> std::hex >> mapping.start >> dash >> mapping.end >>
                             mapping.rights) &&
           dash == '-';
}

std::vector<Mapping> undumped_mappings() {
    std::vector<Mapping> found;
    std::ifstream lines("/proc/self/smaps");
    Mapping mapping;
    for (std::string line; std::getline(lines, line);) {
        const bool undumped = line.starts_with("VmFlags:") && line.find(" dd") != line.npos;
        if (undumped && mapping.rights.starts_with("rw")) found.push_back(mapping);
        if (Mapping next; begins(line, next)) mapping = next;
    }
    return found;
}

// Read by the kernel: to the compiler, and to the sanitizers, most of it is nobody's.
std::vector<std::uint8_t> contents(int memory, const Mapping& mapping) {
    std::vector<std::uint8_t> bytes(std::min(mapping.end - mapping.start, kMostBytes));
    const ssize_t size =
        pread(memory, bytes.data(), bytes.size(), static_cast<off_t>(mapping.start));
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return bytes;
}

}  // namespace

bool is_in_undumped_memory(Bytes bytes) {
    const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    bool found = false;
    for (const auto& mapping : undumped_mappings()) {
        const auto all = contents(memory, mapping);
        found =
            found || std::search(all.begin(), all.end(), bytes.begin(), bytes.end()) != all.end();
    }
    ::close(memory);
    return found;
}

}  // namespace curvecp::testing
