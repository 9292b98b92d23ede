// Secrets as types: wiped when they die and when they are moved from; no ==, no formatter; the
// bytes are reached only through reveal(), so that every use can be found by its name.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <memory>
#include <utility>

namespace curvecp {

// Overwrites bytes in a way that the compiler cannot leave out.
void wipe(MutableBytes bytes) noexcept;

// Overwrites what calculations and copies may have left: the stack below the caller, and the vector
// registers, which the dynamic linker and the frame of a signal put on the stack. Secrets wipe
// themselves; this is for who has worked with some, as far up the stack as it may be.
void wipe_traces() noexcept;

// Compares two values of the same length in constant time.
[[nodiscard]] bool equal_in_constant_time(Bytes a, Bytes b) noexcept;

template <class Tag, std::size_t N>
class Secret {
  public:
    static constexpr std::size_t kSize = N;

    Secret() = default;
    explicit Secret(FixedBytes<N> bytes) noexcept { copy(bytes, reveal()); }
    Secret(Secret&& other) noexcept { take(other); }
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) take(other);
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(bytes_); }

    [[nodiscard]] FixedBytes<N> reveal() const noexcept { return FixedBytes<N>(bytes_); }
    [[nodiscard]] MutableFixedBytes<N> reveal() noexcept { return MutableFixedBytes<N>(bytes_); }

  private:
    void take(Secret& other) noexcept {
        copy(other.reveal(), reveal());
        wipe(other.bytes_);
    }

    std::array<std::uint8_t, N> bytes_{};
};

// A public value that must not outlive its owner all the same: wiped like a Secret.
template <class T>
class Wiped {
  public:
    Wiped() = default;
    Wiped(const T& value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor)
    Wiped(const Wiped&) noexcept = default;
    Wiped(Wiped&& other) noexcept : value_(other.value_) { other.wipe(); }
    Wiped& operator=(const Wiped&) noexcept = default;
    Wiped& operator=(Wiped&& other) noexcept {
        if (this != &other) {
            value_ = other.value_;
            other.wipe();
        }
        return *this;
    }
    ~Wiped() { wipe(); }

    [[nodiscard]] const T& operator*() const noexcept { return value_; }
    [[nodiscard]] const T* operator->() const noexcept { return &value_; }

  private:
    void wipe() noexcept { curvecp::wipe(value_.bytes()); }

    T value_{};
};

// Memory between guard pages, locked into RAM and left out of core dumps. Small pieces share such
// memory, since to map it takes a dozen system calls; each other one costs 8 KiB and four memory
// maps. For one thread. See KeyArena for many keys.
class LockedMemory {
  public:
    // Throws std::bad_alloc.
    explicit LockedMemory(std::size_t size);

    [[nodiscard]] void* data() const noexcept { return memory_.get(); }
    // False where the system's limit on locked memory did not allow it.
    [[nodiscard]] bool locked() const noexcept { return locked_; }

  private:
    class Shared;
    // Wipes it too.
    struct Free {
        Shared* shared = nullptr;  // nullptr: the piece is on its own
        void operator()(void* memory) const noexcept;
    };
    std::unique_ptr<void, Free> memory_;
    bool locked_ = false;
};

// One T in locked memory; wiped when it dies.
template <class T>
class Locked {
  public:
    explicit Locked(T value)
        : memory_(sizeof(T)),
          value_(std::construct_at(static_cast<T*>(memory_.data()), std::move(value))) {}
    Locked(Locked&& other) noexcept
        : memory_(std::move(other.memory_)), value_(std::exchange(other.value_, nullptr)) {}
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    Locked& operator=(Locked&&) = delete;
    ~Locked() {
        if (value_ != nullptr) std::destroy_at(value_);
    }

    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_; }
    [[nodiscard]] bool locked() const noexcept { return memory_.locked(); }

  private:
    LockedMemory memory_;
    T* value_;
};

}  // namespace curvecp
