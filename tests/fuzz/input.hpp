// What a fuzz target is made of: the fuzzer's bytes, spent from the front on decisions and data;
// and a check that stops the process, which is how a finding is reported.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <cstdio>
#include <cstdlib>
#include <vector>

// libFuzzer's entry point; it always returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace curvecp::fuzz {

// Inputs that are used up give zeros, so that every input is a valid one.
class Input {
  public:
    explicit Input(Bytes bytes) : left_(bytes) {}

    [[nodiscard]] bool empty() const { return left_.empty(); }
    std::uint8_t byte() {
        if (left_.empty()) return 0;
        const std::uint8_t value = left_.front();
        left_ = left_.subspan(1);
        return value;
    }
    std::uint16_t word() {
        const std::uint8_t low = byte();
        return static_cast<std::uint16_t>(low | byte() << 8U);
    }
    // Up to `size` bytes.
    Bytes take(std::size_t size) {
        const Bytes taken = left_.first(std::min(size, left_.size()));
        left_ = left_.subspan(taken.size());
        return taken;
    }
    Bytes rest() { return take(left_.size()); }

  private:
    Bytes left_;
};

using Buffer = std::vector<std::uint8_t>;

inline Buffer copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

inline void require(bool holds, const char* what) {
    if (holds) return;
    static_cast<void>(std::fprintf(stderr, "does not hold: %s\n", what));
    std::abort();
}

// Up to three changes: bits, or another length.
inline void damage(Input& input, Buffer& packet) {
    for (unsigned changes = input.byte() % 4U; changes != 0; --changes) {
        const std::uint8_t kind = input.byte();
        const std::size_t where = input.word();
        if (kind < 192 && !packet.empty()) packet[where % packet.size()] ^= kind;
        if (kind >= 192 && kind < 224) packet.resize(where % (packet.size() + 1));
        if (kind >= 224) packet.resize(packet.size() + where % 64, kind);
    }
}

}  // namespace curvecp::fuzz
