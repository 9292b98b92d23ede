#include "tests/support/vectors.hpp"

#include "curvecp/core/hex.hpp"

#include <fstream>

namespace curvecp::testing {
namespace {

std::vector<std::uint8_t> decode(std::string_view digits, const std::string& line) {
    std::vector<std::uint8_t> bytes(digits.size() / 2);
    if (!from_hex(digits, bytes)) throw std::runtime_error("malformed: " + line);
    return bytes;
}

}  // namespace

Vectors Vectors::load(const std::filesystem::path& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    constexpr std::string_view kSeparator = " = ";
    Vectors vectors;
    std::string line;
    while (std::getline(file, line)) {
        if (line.empty() || line.front() == '#') continue;
        const std::size_t at = line.find(kSeparator);
        if (at == std::string::npos) throw std::runtime_error("malformed: " + line);
        const auto digits = std::string_view(line).substr(at + kSeparator.size());
        vectors.values_[line.substr(0, at)] = decode(digits, line);
    }
    return vectors;
}

Bytes Vectors::operator[](std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::runtime_error("no vector " + std::string(name));
    return found->second;
}

std::vector<std::string> Vectors::numbered(std::string_view kind) const {
    std::vector<std::string> names;
    for (;;) {
        std::string name = std::string(kind) + '_' + std::to_string(names.size() + 1);
        if (!has(name + ".packet")) return names;
        names.push_back(std::move(name));
    }
}

}  // namespace curvecp::testing
