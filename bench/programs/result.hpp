// What a measuring program has to tell: one line of NAME=VALUE on descriptor 1, in one write, since
// many may share that descriptor.
#pragma once

#include "bench/programs/stream.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace curvecp::bench {

class Result {
  public:
    Result& add(std::string_view name, double value) {
        line_ += line_.empty() ? "" : " ";
        line_.append(name).append("=").append(std::to_string(value));
        return *this;
    }
    // Durations in seconds.
    Result& add(std::string_view name, Duration value) {
        return add(name, std::chrono::duration<double>(value).count());
    }
    // False where nobody listens.
    [[nodiscard]] bool tell() {
        line_ += '\n';
        const std::vector<std::uint8_t> bytes(line_.begin(), line_.end());
        return write_all(1, bytes);
    }

  private:
    std::string line_;
};

}  // namespace curvecp::bench
