#include "messagehandler/range_set.hpp"

namespace curvecp::messagehandler {

std::size_t RangeSet::index_of(StreamPosition position) const {
    const auto found = std::partition_point(
        ranges_.begin(), ranges_.end(), [&](const Range& range) { return range.end < position; });
    return static_cast<std::size_t>(found - ranges_.begin());
}

bool RangeSet::insert(Range range) {
    if (range.empty()) return true;
    const auto first = ranges_.begin() + static_cast<std::ptrdiff_t>(index_of(range.begin));
    const auto last = std::partition_point(
        first, ranges_.end(), [&](const Range& other) { return other.begin <= range.end; });
    if (first == last) {
        if (!has_room()) return false;
        ranges_.insert(first, range);
        return true;
    }
    first->begin = std::min(first->begin, range.begin);
    first->end = std::max(std::prev(last)->end, range.end);
    ranges_.erase(std::next(first), last);
    return true;
}

void RangeSet::erase_below(StreamPosition position) {
    const auto kept = std::partition_point(
        ranges_.begin(), ranges_.end(), [&](const Range& range) { return range.end <= position; });
    ranges_.erase(ranges_.begin(), kept);
    if (!ranges_.empty()) ranges_.front().begin = std::max(ranges_.front().begin, position);
}

bool RangeSet::covers(Range range) const {
    return first_missing(range).empty();
}

Range RangeSet::first_missing(Range range) const {
    if (range.empty()) return range;
    std::size_t index = index_of(range.begin);
    if (index < ranges_.size() && ranges_[index].begin <= range.begin) {
        range.begin = std::max(range.begin, std::min(ranges_[index].end, range.end));
        ++index;
    }
    if (index < ranges_.size()) range.end = std::min(range.end, ranges_[index].begin);
    range.end = std::max(range.begin, range.end);
    return range;
}

}  // namespace curvecp::messagehandler
