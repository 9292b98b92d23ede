#include "curvecp/core/secret.hpp"

#include <new>

#include <sodium.h>

namespace curvecp {
namespace {

// Ours, because that is far below what a datagram, or a start, has been seen to use.
constexpr std::size_t kTraces = std::size_t{32} * 1024;

void clear_vector_registers() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx") != 0) {
        asm volatile("vzeroall" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                           "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    }
    if (__builtin_cpu_supports("avx512f") != 0) {
        // The other half of them; only the C library uses it, to copy.
        asm volatile(
            ".irp i, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
            "vpxorq %zmm\\i, %zmm\\i, %zmm\\i\n\t"
            ".endr");
    }
#endif
}

}  // namespace

void wipe(MutableBytes bytes) noexcept {
    sodium_memzero(bytes.data(), bytes.size());
}

// Not inlined: no caller may have something in those registers.
[[gnu::noinline]] void wipe_traces() noexcept {
    clear_vector_registers();
    sodium_stackzero(kTraces);
}

bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

LockedMemory::LockedMemory(std::size_t size) : memory_(sodium_malloc(size)) {
    if (!memory_) throw std::bad_alloc();
    // sodium_malloc() locks too, but does not say whether it could. Locking does not nest.
    locked_ = sodium_mlock(memory_.get(), size) == 0;
}

void LockedMemory::Free::operator()(void* memory) const noexcept {
    sodium_free(memory);
}

}  // namespace curvecp
