// Chance from a seed, apart from the random bytes of the code under test.
#pragma once

#include <cstdint>
#include <random>

namespace curvecp::simulation {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed) {}

    // 0..bound-1
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + below(most - least + 1);
    }
    // At least 0 and below 1.
    [[nodiscard]] double unit() {
        constexpr double kTwoTo53 = 9007199254740992.0;
        return static_cast<double>(random_() >> 11U) / kTwoTo53;
    }
    // True with this probability.
    [[nodiscard]] bool chance(double probability) { return unit() < probability; }

  private:
    std::mt19937_64 random_;
};

}  // namespace curvecp::simulation
