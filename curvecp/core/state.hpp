// The state of a program as bytes, for the program that takes its place. Each class writes its own
// part and reads it again in the same order; numbers are little-endian and have 64 bits.
#pragma once

#include "curvecp/core/endian.hpp"
#include "curvecp/core/time.hpp"

#include <stdexcept>
#include <vector>

namespace curvecp {

// What was read is not a state that this program could go on with.
class BadState : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class StateWriter {
  public:
    // Counts only: how much room the state needs.
    StateWriter() = default;
    // Writes as far as there is room.
    explicit StateWriter(MutableBytes room) noexcept : room_(room) {}

    void put(Bytes bytes) noexcept {
        if (size_ <= room_.size() && bytes.size() <= room_.size() - size_) {
            std::copy(bytes.begin(), bytes.end(), room_.subspan(size_).begin());
        }
        size_ += bytes.size();
    }
    void put_number(std::uint64_t number) noexcept {
        std::array<std::uint8_t, sizeof number> bytes{};
        store_le<std::uint64_t>(number, bytes);
        put(bytes);
    }
    void put_time(TimePoint time) noexcept {
        put_number(static_cast<std::uint64_t>(time.time_since_epoch().count()));
    }
    // Bytes whose number the reader does not know.
    void put_counted(Bytes bytes) noexcept {
        put_number(bytes.size());
        put(bytes);
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    MutableBytes room_;
    std::size_t size_ = 0;
};

// Every function throws BadState where the bytes are not what they should be.
class StateReader {
  public:
    explicit StateReader(Bytes state) noexcept : rest_(state) {}

    void get(MutableBytes bytes) {
        std::copy_n(take(bytes.size()).begin(), bytes.size(), bytes.begin());
    }
    [[nodiscard]] std::uint64_t get_number() {
        return load_le<std::uint64_t>(take(sizeof(std::uint64_t)).first<sizeof(std::uint64_t)>());
    }
    // One that is at most `largest`.
    [[nodiscard]] std::uint64_t get_number(std::uint64_t largest) {
        const std::uint64_t number = get_number();
        if (number > largest) throw BadState("a number is too large");
        return number;
    }
    [[nodiscard]] bool get_flag() { return get_number(1) != 0; }
    [[nodiscard]] TimePoint get_time() {
        return TimePoint(Duration(static_cast<Duration::rep>(get_number())));
    }
    [[nodiscard]] std::vector<std::uint8_t> get_counted(std::size_t largest) {
        const Bytes bytes = take(get_number(largest));
        return {bytes.begin(), bytes.end()};
    }
    // Nothing may be left over.
    void finish() const {
        if (!rest_.empty()) throw BadState("there is more than there should be");
    }

  private:
    [[nodiscard]] Bytes take(std::size_t size) {
        if (size > rest_.size()) throw BadState("the end is missing");
        const Bytes taken = rest_.first(size);
        rest_ = rest_.subspan(size);
        return taken;
    }

    Bytes rest_;
};

}  // namespace curvecp
