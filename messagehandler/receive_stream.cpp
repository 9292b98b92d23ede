#include "messagehandler/receive_stream.hpp"

namespace curvecp::messagehandler {

ReceiveStream::Outcome ReceiveStream::accept(StreamPosition position, Bytes block,
                                             std::optional<Ending> ending) {
    const StreamPosition end = position + block.size();
    if (contradicts(end, ending)) return Outcome::Ignored;
    if (!block.empty() && end > consumed_ + capacity_) return Outcome::Refused;
    const bool news = ending && !total_;
    const Outcome outcome = store({position, end}, block);
    if (outcome == Outcome::Refused) return outcome;
    if (news) {
        total_ = end;
        ending_ = *ending;
    }
    if (discarding_) consumed_ = contiguous_;
    return news && outcome == Outcome::Duplicate ? Outcome::Closing : outcome;
}

bool ReceiveStream::contradicts(StreamPosition end, std::optional<Ending> ending) const {
    if (!total_) return ending && end < highest_;
    return end > *total_ || (ending && (end != *total_ || *ending != ending_));
}

ReceiveStream::Outcome ReceiveStream::store(Range range, Bytes block) {
    if (range.end <= contiguous_) return Outcome::Duplicate;
    if (range.begin < contiguous_) {
        block = block.subspan(contiguous_ - range.begin);
        range.begin = contiguous_;
    }
    if (range.empty()) return Outcome::Duplicate;
    buffer_.reserve({consumed_, std::max(highest_, range.end)}, {consumed_, highest_});
    const bool in_order = range.begin == contiguous_;
    if (!in_order || !beyond_.empty()) return store_beyond(range, block);
    buffer_.write(range.begin, block);
    advance(range.end);
    return Outcome::InOrder;
}

// Writes only what is missing. A block that would make too many ranges is refused.
ReceiveStream::Outcome ReceiveStream::store_beyond(Range range, Bytes block) {
    const bool in_order = range.begin == contiguous_;
    if (beyond_.covers(range)) return Outcome::Duplicate;
    if (!in_order && !beyond_.has_room()) return Outcome::Refused;
    Range missing = beyond_.first_missing(range);
    while (!missing.empty()) {
        buffer_.write(missing.begin, block.subspan(missing.begin - range.begin, missing.size()));
        missing = beyond_.first_missing({missing.end, range.end});
    }
    if (in_order) {
        advance(range.end);
        return Outcome::Closing;
    }
    beyond_.insert(range);
    const bool follows = range.begin == highest_;
    newest_ = range.begin;
    highest_ = std::max(highest_, range.end);
    return follows ? Outcome::BehindGap : Outcome::NewGap;
}

void ReceiveStream::advance(StreamPosition end) {
    contiguous_ = end;
    while (!beyond_.empty() && beyond_.ranges().front().begin <= contiguous_) {
        contiguous_ = std::max(contiguous_, beyond_.ranges().front().end);
        beyond_.erase_below(contiguous_);
    }
    highest_ = std::max(highest_, contiguous_);
}

AcknowledgedRanges ReceiveStream::acknowledged() const {
    AcknowledgedRanges result;
    result.add({{0}, complete() ? contiguous_ + 1 : contiguous_});
    if (beyond_.empty()) return result;
    // From the newest downwards, so that each piece is told several times while blocks come in.
    std::array<Range, kMaxRanges - 1> pieces;
    std::size_t count = 0;
    const std::size_t newest = std::min(beyond_.index_of(newest_), beyond_.ranges().size() - 1);
    std::size_t index = newest;
    Range rest = beyond_.ranges()[index];
    while (count < pieces.size()) {
        const std::uint64_t size = std::min<std::uint64_t>(rest.size(), kMaxRangeSize);
        pieces[count++] = {{rest.end.value - size}, rest.end};
        rest.end = {rest.end.value - size};
        if (!rest.empty()) continue;
        if (index == 0) break;
        rest = beyond_.ranges()[--index];
    }
    while (count > 0) result.add(pieces[--count]);
    // Room that is left names what is above the newest.
    const auto ranges = beyond_.ranges();
    for (std::size_t above = newest + 1; above < ranges.size() && result.count < kMaxRanges;) {
        result.add(ranges[above++]);
    }
    return result;
}

void ReceiveStream::consume(std::size_t size) {
    consumed_ = consumed_ + size;
}

void ReceiveStream::discard() {
    discarding_ = true;
    consumed_ = contiguous_;
}

std::optional<Ending> ReceiveStream::end() const {
    if (!complete() || consumed_ != contiguous_) return std::nullopt;
    return ending_;
}

void ReceiveStream::release_memory() {
    if (releasable()) buffer_.release();
}

}  // namespace curvecp::messagehandler
