// A set of stream positions as sorted, disjoint ranges that do not touch.
#pragma once

#include "messagehandler/position.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace curvecp::messagehandler {

class RangeSet {
  public:
    // A peer chooses the ranges, so their number is bounded.
    explicit RangeSet(std::size_t max_ranges) : max_ranges_(max_ranges) {}

    // False, and the set is as before, where this would need more ranges than the bound.
    bool insert(Range range);
    void erase_below(StreamPosition position);

    [[nodiscard]] bool empty() const { return ranges_.empty(); }
    [[nodiscard]] bool covers(Range range) const;
    [[nodiscard]] bool has_room() const { return ranges_.size() < max_ranges_; }
    [[nodiscard]] std::span<const Range> ranges() const { return ranges_; }
    // The number of ranges that end before `position`: the index of the one at it or after it.
    [[nodiscard]] std::size_t index_of(StreamPosition position) const;
    // The first part of `range` that is not in the set; empty where all of it is.
    [[nodiscard]] Range first_missing(Range range) const;

  private:
    std::vector<Range> ranges_;
    std::size_t max_ranges_;
};

}  // namespace curvecp::messagehandler
