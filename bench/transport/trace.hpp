// A line of text for every flow and every 10 ms, to look at what a controller did.
#pragma once

#include "bench/transport/flow.hpp"

#include <fstream>
#include <string_view>

namespace curvecp::bench {

class Trace {
  public:
    explicit Trace(const std::string& file) : file_(file) {}

    // What the next lines are about.
    void begin(std::string_view name, std::uint64_t seed);
    void write(TimePoint now, std::size_t number, const Flow& flow, simulation::Link& down);

  private:
    std::ofstream file_;
    std::string about_;
};

}  // namespace curvecp::bench
