#include "curvecp/core/secret.hpp"

#include <doctest/doctest.h>

#if defined(__clang__)
#define NOT_CHECKED __attribute__((noinline, no_sanitize("address")))
#else
#define NOT_CHECKED __attribute__((noinline, no_sanitize_address))
#endif

using namespace curvecp;

namespace {

constexpr std::size_t kDeep = std::size_t{16} * 1024;

// As a function may that nobody has told to clean up: its whole frame stays full.
NOT_CHECKED void leave_on_stack(std::uint8_t value) {
    volatile std::uint8_t frame[kDeep];
    for (auto& byte : frame) byte = value;
}

// How many bytes below the caller's frame have the value. Nothing is called meanwhile.
NOT_CHECKED std::size_t left_on_stack(std::uint8_t value) {
    const volatile std::uint8_t here = 0;
    const volatile std::uint8_t* below = &here;
    std::size_t count = 0;
    for (std::size_t i = 0; i < kDeep; ++i) count += *--below == value ? 1 : 0;
    return count;
}

}  // namespace

TEST_CASE("wipe_traces() overwrites what calls have left on the stack") {
    leave_on_stack(0xa5);
    REQUIRE(left_on_stack(0xa5) > kDeep / 2);
    wipe_traces();
    CHECK(left_on_stack(0xa5) < 16);
}

#if defined(__x86_64__)
TEST_CASE("wipe_traces() overwrites what copies have left in vector registers") {
    std::array<std::uint8_t, 16> copied{};
    std::array<std::uint8_t, 16> left{};
    copied.fill(0xa5);
    // One that the compiler does not choose by itself.
    asm volatile("movdqu %0, %%xmm15" : : "m"(copied) : "xmm15");
    wipe_traces();
    asm volatile("movdqu %%xmm15, %0" : "=m"(left));
    CHECK(left == std::array<std::uint8_t, 16>{});
}
#endif
