#include "messagehandler/sent_blocks.hpp"

#include <limits>
#include <utility>

namespace curvecp::messagehandler {

SentBlock& SentBlocks::append(Range range) {
    blocks_.push_back({.range = range});
    sent_end_ = range.end;
    return blocks_.back();
}

SentBlock& SentBlocks::take_lost() {
    std::size_t index = 0;
    bool found = false;
    while (!found) {
        const StreamPosition begin = lost_.front();
        lost_.pop_front();
        index = index_at(begin);
        found = index < blocks_.size() && blocks_[index].range.begin == begin &&
                blocks_[index].state == State::Lost;
    }
    return without_acknowledged(index);
}

SentBlock& SentBlocks::take_oldest() {
    return without_acknowledged(0);
}

// What was acknowledged is never sent again: cuts the block to the first part that is missing, and
// makes a lost block of the rest.
SentBlock& SentBlocks::without_acknowledged(std::size_t index) {
    const Range whole = blocks_[index].range;
    const Range missing = beyond_.first_missing({std::max(whole.begin, base_), whole.end});
    const Range rest = beyond_.first_missing({missing.end, whole.end});
    blocks_[index].range = missing;
    if (!rest.empty()) {
        const Range split{rest.begin, whole.end};
        blocks_.insert(index + 1, {.range = split});
        change(blocks_[index + 1], State::Lost);
    }
    return blocks_[index];
}

void SentBlocks::sent(SentBlock& block, std::uint64_t transmission, std::size_t cost) {
    change(block, State::Unsent);
    block.transmission = transmission;
    block.cost = static_cast<std::uint16_t>(cost);
    if (block.transmissions != std::numeric_limits<std::uint16_t>::max()) ++block.transmissions;
    change(block, State::InFlight);
}

void SentBlocks::change(SentBlock& block, State state) {
    if (block.state == State::InFlight) bytes_in_flight_ -= block.cost;
    // A peer that acknowledges what was lost leaves outdated entries behind, else without an end.
    if (block.state == State::Lost && --lost_count_ == 0) lost_ = {};
    block.state = state;
    if (block.state == State::InFlight) bytes_in_flight_ += block.cost;
    if (block.state != State::Lost) return;
    ++lost_count_;
    lost_.push_back(block.range.begin);
}

// The index of the first block that ends after `position`.
std::size_t SentBlocks::index_at(StreamPosition position) const {
    const auto blocks = blocks_.items();
    const auto found =
        std::partition_point(blocks.begin(), blocks.end(),
                             [&](const SentBlock& block) { return block.range.end <= position; });
    return static_cast<std::size_t>(found - blocks.begin());
}

const SentBlock* SentBlocks::find(StreamPosition begin, std::uint64_t transmission) const {
    const std::size_t index = index_at(begin);
    if (index >= blocks_.size()) return nullptr;
    const SentBlock& block = blocks_[index];
    return block.range.begin == begin && block.transmission == transmission ? &block : nullptr;
}

SentBlock* SentBlocks::find(StreamPosition begin, std::uint64_t transmission) {
    return const_cast<SentBlock*>(std::as_const(*this).find(begin, transmission));
}

bool SentBlocks::in_flight(StreamPosition begin, std::uint64_t transmission) const {
    const SentBlock* block = find(begin, transmission);
    return block != nullptr && block->state == State::InFlight;
}

void SentBlocks::lost(StreamPosition begin, std::uint64_t transmission) {
    SentBlock* block = find(begin, transmission);
    if (block == nullptr || block->state != State::InFlight) return;
    block->was_lost = true;
    change(*block, State::Lost);
}

std::size_t SentBlocks::echoed(StreamPosition begin, std::uint64_t transmission) {
    SentBlock* block = find(begin, transmission);
    if (block == nullptr || block->state == State::Acknowledged) return 0;
    const std::size_t before = bytes_in_flight_;
    change(*block, State::Echoed);
    return before - bytes_in_flight_;
}

std::span<const SentBlock> SentBlocks::acknowledge(const AcknowledgedRanges& ranges,
                                                   std::optional<StreamPosition> total) {
    newly_.clear();
    for (std::size_t i = 0; i < ranges.count; ++i) {
        Range range = ranges.ranges[i];
        range.end = std::min(range.end, i != 0 && total ? std::min(sent_end_, *total) : sent_end_);
        range.begin = std::max(range.begin, base_);
        if (range.empty()) continue;
        if (range.begin == base_) {
            credit_first(range);
        } else {
            credit(range);
        }
    }
    while (!blocks_.empty() && blocks_.front().range.end <= base_) blocks_.pop_front();
    return newly_;
}

void SentBlocks::credit_first(Range range) {
    const StreamPosition before = base_;
    base_ = range.end;
    while (!beyond_.empty() && beyond_.ranges().front().begin <= base_) {
        base_ = std::max(base_, beyond_.ranges().front().end);
        beyond_.erase_below(base_);
    }
    credit_blocks({before, base_});
}

void SentBlocks::credit(Range range) {
    missing_.clear();
    Range missing = beyond_.first_missing(range);
    while (!missing.empty()) {
        missing_.push_back(missing);
        missing = beyond_.first_missing({missing.end, range.end});
    }
    if (missing_.empty() || !beyond_.insert(range)) return;
    for (const Range& part : missing_) credit_blocks(part);
}

void SentBlocks::credit_blocks(Range range) {
    for (std::size_t i = index_at(range.begin); i < blocks_.size(); ++i) {
        SentBlock& block = blocks_[i];
        if (block.range.begin >= range.end) return;
        const Range unknown{std::max(block.range.begin, base_), block.range.end};
        if (block.state == State::Acknowledged || !beyond_.covers(unknown)) continue;
        newly_.push_back(block);
        change(block, State::Acknowledged);
    }
}

}  // namespace curvecp::messagehandler
