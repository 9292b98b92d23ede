// Known-answer vectors: a text file of lines `name = hex digits`. See tests/vectors/README.md.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace curvecp::testing {

class Vectors {
  public:
    // Throws std::runtime_error where the file cannot be read or a line is malformed.
    [[nodiscard]] static Vectors load(const std::filesystem::path& path);

    [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }

    // Throws std::runtime_error where there is no such name.
    [[nodiscard]] Bytes operator[](std::string_view name) const;

    // The same as bytes of a known number.
    template <std::size_t N>
    [[nodiscard]] FixedBytes<N> fixed(std::string_view name) const {
        const Bytes bytes = (*this)[name];
        if (bytes.size() != N) throw std::runtime_error("wrong size: " + std::string(name));
        return bytes.template first<N>();
    }

    // The same as a key, an extension or another public value or secret.
    template <class Value>
    [[nodiscard]] Value as(std::string_view name) const {
        return Value(fixed<Value::kSize>(name));
    }

    // The recorded packets of a kind in order: "initiate" finds initiate_1, initiate_2 ...
    [[nodiscard]] std::vector<std::string> numbered(std::string_view kind) const;

  private:
    std::map<std::string, std::vector<std::uint8_t>, std::less<>> values_;
};

}  // namespace curvecp::testing
