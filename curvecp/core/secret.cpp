#include "curvecp/core/secret.hpp"

#include <new>

#include <sodium.h>

namespace curvecp {

void wipe(MutableBytes bytes) noexcept {
    sodium_memzero(bytes.data(), bytes.size());
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
