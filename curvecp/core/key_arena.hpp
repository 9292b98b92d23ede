// The shared keys of all connections of a process, side by side in one piece of locked memory that
// is left out of core dumps: a piece of its own for each would cost 8 KiB and four memory maps.
#pragma once

#include "curvecp/core/keys.hpp"

#include <vector>

namespace curvecp {

class KeyArena;

// A key inside an arena; wiped, and its place given back, when this dies. The arena must live
// longer.
class ArenaKey {
  public:
    ArenaKey(ArenaKey&& other) noexcept
        : arena_(std::exchange(other.arena_, nullptr)), key_(other.key_) {}
    ArenaKey& operator=(ArenaKey&& other) noexcept;
    ArenaKey(const ArenaKey&) = delete;
    ArenaKey& operator=(const ArenaKey&) = delete;
    ~ArenaKey() { release(); }

    [[nodiscard]] const SharedKey& operator*() const noexcept { return *key_; }

  private:
    friend class KeyArena;
    ArenaKey(KeyArena& arena, SharedKey& key) noexcept : arena_(&arena), key_(&key) {}
    void release() noexcept;

    KeyArena* arena_;
    SharedKey* key_;
};

class KeyArena {
  public:
    // Room for `capacity` keys, fixed. Throws std::bad_alloc.
    explicit KeyArena(std::size_t capacity);
    KeyArena(const KeyArena&) = delete;
    KeyArena& operator=(const KeyArena&) = delete;
    ~KeyArena() = default;

    // False where the system's limit on locked memory did not allow it.
    [[nodiscard]] bool locked() const noexcept { return memory_.locked(); }
    // nullopt where the arena is full.
    [[nodiscard]] std::optional<ArenaKey> store(SharedKey key) noexcept;

  private:
    friend class ArenaKey;

    LockedMemory memory_;
    std::vector<SharedKey*> free_;
};

}  // namespace curvecp
