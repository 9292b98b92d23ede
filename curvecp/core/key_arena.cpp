#include "curvecp/core/key_arena.hpp"

namespace curvecp {

ArenaKey& ArenaKey::operator=(ArenaKey&& other) noexcept {
    if (this != &other) {
        release();
        arena_ = std::exchange(other.arena_, nullptr);
        key_ = other.key_;
    }
    return *this;
}

void ArenaKey::release() noexcept {
    if (arena_ == nullptr) return;
    *key_ = SharedKey();
    arena_->free_.push_back(key_);  // room was reserved for every key
    arena_ = nullptr;
}

KeyArena::KeyArena(std::size_t capacity) : memory_(capacity * sizeof(SharedKey)) {
    free_.reserve(capacity);
    auto* const keys = static_cast<SharedKey*>(memory_.data());
    // Never destroyed one by one: free places are zeros, and releasing the memory wipes it.
    for (std::size_t i = capacity; i > 0; --i) free_.push_back(std::construct_at(keys + i - 1));
}

std::optional<ArenaKey> KeyArena::store(SharedKey key) noexcept {
    if (free_.empty()) return std::nullopt;
    SharedKey& place = *free_.back();
    free_.pop_back();
    place = std::move(key);
    return ArenaKey(*this, place);
}

}  // namespace curvecp
