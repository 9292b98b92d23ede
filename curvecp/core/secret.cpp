#include "curvecp/core/secret.hpp"

#include <bit>
#include <limits>
#include <new>
#include <vector>

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

// Places for small pieces, side by side. It is gone when the last of them is.
class LockedMemory::Shared {
  public:
    static constexpr std::size_t kPlaceSize = 64;  // ours: a pair of keys

    [[nodiscard]] static Shared& with_room();

    [[nodiscard]] bool locked() const noexcept { return memory_.locked(); }
    // There must be room.
    [[nodiscard]] void* take() noexcept;
    void give_back(void* place) noexcept;

  private:
    [[nodiscard]] static std::vector<std::unique_ptr<Shared>>& all();

    using Places = std::uint32_t;  // a bit for each
    static constexpr std::size_t kPlaces = std::numeric_limits<Places>::digits;

    [[nodiscard]] MutableBytes places() const noexcept {
        return {static_cast<std::uint8_t*>(memory_.data()), kPlaces * kPlaceSize};
    }
    [[nodiscard]] bool has_room() const noexcept { return ~taken_ != 0; }

    LockedMemory memory_{kPlaces * kPlaceSize};  // too large to be shared itself
    Places taken_ = 0;
};

std::vector<std::unique_ptr<LockedMemory::Shared>>& LockedMemory::Shared::all() {
    static std::vector<std::unique_ptr<Shared>> all;
    return all;
}

LockedMemory::Shared& LockedMemory::Shared::with_room() {
    const auto found = std::find_if(all().begin(), all().end(),
                                    [](const auto& shared) { return shared->has_room(); });
    return found != all().end() ? **found : *all().emplace_back(std::make_unique<Shared>());
}

void* LockedMemory::Shared::take() noexcept {
    const int number = std::countr_one(taken_);
    taken_ |= Places{1} << static_cast<unsigned>(number);
    return &places()[static_cast<std::size_t>(number) * kPlaceSize];
}

void LockedMemory::Shared::give_back(void* place) noexcept {
    auto* const bytes = static_cast<std::uint8_t*>(place);
    wipe({bytes, kPlaceSize});
    const auto number = static_cast<std::size_t>(bytes - places().data()) / kPlaceSize;
    taken_ &= ~(Places{1} << number);
    if (taken_ == 0) {
        std::erase_if(all(), [this](const auto& shared) { return shared.get() == this; });
    }
}

LockedMemory::LockedMemory(std::size_t size) : memory_(nullptr, Free{}) {
    if (size <= Shared::kPlaceSize) {
        Shared& shared = Shared::with_room();
        memory_ = {shared.take(), Free{&shared}};
        locked_ = shared.locked();
        return;
    }
    memory_.reset(sodium_malloc(size));
    if (!memory_) throw std::bad_alloc();
    // sodium_malloc() locks too, but does not say whether it could. Locking does not nest.
    locked_ = sodium_mlock(memory_.get(), size) == 0;
}

void LockedMemory::Free::operator()(void* memory) const noexcept {
    if (shared) {
        shared->give_back(memory);
    } else {
        sodium_free(memory);
    }
}

}  // namespace curvecp
