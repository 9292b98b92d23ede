// A flat table of small values, each found by a 64-bit fingerprint of what it belongs to: open
// addressing with linear probing. For what comes and goes with connections: it has one piece of
// memory, where a node for each would cost more, lie about the heap and keep it from being used
// again. Where strangers choose what is fingerprinted, the fingerprint must be keyed (KeyedHash).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace curvecp::daemon {

template <class Value>
class FingerprintMap {
  public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    // Fingerprints 0 and 1 count as one.
    // The value with this fingerprint for which `is_it(value)` holds, or null. Two things may have
    // one fingerprint: where a mistake would matter, is_it looks at the thing itself. Good until
    // the next insert() or erase().
    template <class IsIt>
    [[nodiscard]] const Value* find(std::uint64_t fingerprint, IsIt is_it) const {
        const auto place = place_of(fingerprint, is_it);
        return place ? &entries_[*place].value : nullptr;
    }
    [[nodiscard]] bool contains(std::uint64_t fingerprint) const {
        return place_of(fingerprint, any).has_value();
    }

    // What has this fingerprint already stays beside it. Out of memory, nothing is changed.
    void insert(std::uint64_t fingerprint, Value value) {
        if ((size_ + 1) * 4 > entries_.size() * 3) grow();
        put({split(fingerprint), std::move(value)});
        ++size_;
    }
    // Erases what find() would return.
    template <class IsIt>
    void erase(std::uint64_t fingerprint, IsIt is_it) noexcept {
        if (const auto place = place_of(fingerprint, is_it)) close_gap(*place);
    }
    // Gives the memory back, too.
    void clear() noexcept {
        entries_ = {};
        size_ = 0;
    }

    template <class Visit>
    void visit_fingerprints(Visit visit) const {
        for (const Entry& entry : entries_) {
            if (entry.used()) visit(joined(entry.fingerprint));
        }
    }
    template <class Visit>
    void visit_all(Visit visit) const {
        for (const Entry& entry : entries_) {
            if (entry.used()) visit(entry.value);
        }
    }

  private:
    static constexpr std::size_t kFirstCapacity = 16;  // a power of two

    // In halves, so that with a value of 32 bits an entry has 12 bytes.
    using Halves = std::array<std::uint32_t, 2>;

    struct Entry {
        Halves fingerprint{};  // zero where nothing is
        [[no_unique_address]] Value value{};

        [[nodiscard]] bool used() const noexcept { return fingerprint != Halves{}; }
    };

    static constexpr bool any(const Value& /*value*/) noexcept { return true; }

    [[nodiscard]] static constexpr Halves split(std::uint64_t fingerprint) noexcept {
        if (fingerprint == 0) fingerprint = 1;
        return {static_cast<std::uint32_t>(fingerprint),
                static_cast<std::uint32_t>(fingerprint >> 32U)};
    }
    [[nodiscard]] static constexpr std::uint64_t joined(const Halves& fingerprint) noexcept {
        return fingerprint[0] | std::uint64_t{fingerprint[1]} << 32U;
    }
    [[nodiscard]] std::size_t home(const Halves& fingerprint) const noexcept {
        return fingerprint[0] & (entries_.size() - 1);
    }
    [[nodiscard]] std::size_t after(std::size_t place) const noexcept {
        return (place + 1) & (entries_.size() - 1);
    }

    template <class IsIt>
    [[nodiscard]] std::optional<std::size_t> place_of(std::uint64_t fingerprint, IsIt is_it) const {
        if (entries_.empty()) return std::nullopt;
        const Halves wanted = split(fingerprint);
        for (std::size_t i = home(wanted); entries_[i].used(); i = after(i)) {
            if (entries_[i].fingerprint == wanted && is_it(entries_[i].value)) return i;
        }
        return std::nullopt;
    }

    void put(Entry entry) noexcept {
        std::size_t i = home(entry.fingerprint);
        while (entries_[i].used()) i = after(i);
        entries_[i] = std::move(entry);
    }

    void grow() {
        std::vector<Entry> old(entries_.empty() ? kFirstCapacity : 2 * entries_.size());
        old.swap(entries_);
        for (Entry& entry : old) {
            if (entry.used()) put(std::move(entry));
        }
    }

    // Moves up what would not be found behind a gap.
    void close_gap(std::size_t gap) noexcept {
        const auto distance = [this](std::size_t from, std::size_t to) {
            return (to - from) & (entries_.size() - 1);
        };
        for (std::size_t i = after(gap); entries_[i].used(); i = after(i)) {
            if (distance(home(entries_[i].fingerprint), i) < distance(gap, i)) continue;
            entries_[gap] = std::move(entries_[i]);
            gap = i;
        }
        entries_[gap] = Entry{};
        --size_;
    }

    std::vector<Entry> entries_;  // none, or a power of two, at most three quarters of them used
    std::size_t size_ = 0;
};

}  // namespace curvecp::daemon
