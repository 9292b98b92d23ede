#include "tests/support/seeded_random.hpp"

#include <stdexcept>

#include <sodium.h>

namespace curvecp::testing {
namespace {

// libsodium's callbacks carry no context.
SeededRandom* current = nullptr;

const char* name() {
    return "seeded";
}

void fill(void* const bytes, const std::size_t size) {
    const MutableBytes span(static_cast<std::uint8_t*>(bytes), size);
    std::generate(span.begin(), span.end(), [] { return current->next_byte(); });
}

std::uint32_t next_u32() {
    std::uint32_t value = 0;
    fill(&value, sizeof value);
    return value;
}

randombytes_implementation seeded{name, next_u32, nullptr, nullptr, fill, nullptr};

}  // namespace

SeededRandom::SeededRandom(std::uint64_t seed) : state_(seed) {
    if (current != nullptr) throw std::logic_error("two SeededRandom at once");
    current = this;
    randombytes_set_implementation(&seeded);
}

SeededRandom::~SeededRandom() {
    randombytes_set_implementation(&randombytes_sysrandom_implementation);
    current = nullptr;
}

// SplitMix64: every seed is as good as any other.
std::uint8_t SeededRandom::next_byte() {
    if (!scripted_.empty()) {
        const std::uint8_t byte = scripted_.front();
        scripted_.pop_front();
        return byte;
    }
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::uint8_t>((mixed ^ (mixed >> 31U)) >> 56U);
}

}  // namespace curvecp::testing
