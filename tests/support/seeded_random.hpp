// Random bytes that repeat: while one lives, libsodium (so core's random.hpp too) draws from a
// seed. For one thread; one at a time.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <deque>

namespace curvecp::testing {

class SeededRandom {
  public:
    explicit SeededRandom(std::uint64_t seed);
    SeededRandom(const SeededRandom&) = delete;
    SeededRandom& operator=(const SeededRandom&) = delete;
    ~SeededRandom();

    // These bytes are drawn before any further seeded ones.
    void script(Bytes bytes) { scripted_.insert(scripted_.end(), bytes.begin(), bytes.end()); }
    [[nodiscard]] std::size_t scripted_left() const { return scripted_.size(); }

    [[nodiscard]] std::uint8_t next_byte();

  private:
    std::uint64_t state_;
    std::deque<std::uint8_t> scripted_;
};

}  // namespace curvecp::testing
