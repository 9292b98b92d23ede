// A set of ranges is at every step what a row of bits would be.
#include "messagehandler/range_set.hpp"
#include "tests/fuzz/input.hpp"

#include <bitset>

namespace curvecp::messagehandler {
namespace {

using fuzz::require;

constexpr std::size_t kBound = 5;
constexpr std::size_t kPositions = 300;
using Bits = std::bitset<kPositions>;

std::vector<Range> ranges_of(const Bits& bits) {
    std::vector<Range> ranges;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (!bits[i]) continue;
        if (i == 0 || !bits[i - 1]) ranges.push_back({{i}, {i}});
        ranges.back().end = {i + 1};
    }
    return ranges;
}

Range naive_missing(const Bits& bits, Range range) {
    while (!range.empty() && bits[range.begin.value]) range.begin = range.begin + 1;
    StreamPosition end = range.begin;
    while (end < range.end && !bits[end.value]) end = end + 1;
    return {range.begin, end};
}

void ask(const RangeSet& set, const Bits& bits, Range range) {
    const Range missing = set.first_missing(range);
    const Range expected = naive_missing(bits, range);
    require(missing.empty() == expected.empty(), "whether something is missing");
    require(missing.empty() || missing == expected, "what is missing first");
    require(set.covers(range) == expected.empty(), "whether it covers a range");
    const auto ranges = ranges_of(bits);
    const auto before = std::count_if(ranges.begin(), ranges.end(),
                                      [&](const Range& other) { return other.end < range.begin; });
    require(set.index_of(range.begin) == static_cast<std::size_t>(before), "the index");
}

void step(RangeSet& set, Bits& bits, fuzz::Input& input) {
    const std::uint8_t what = input.byte();
    const StreamPosition begin{input.byte()};
    const Range range{begin, begin + what / 4U % 32U};
    if (what % 4 == 0) {
        for (std::size_t i = 0; i < begin.value; ++i) bits.reset(i);
        set.erase_below(begin);
    } else if (what % 4 == 1) {
        ask(set, bits, range);
    } else {
        Bits grown = bits;
        for (auto i = range.begin; i < range.end; i = i + 1) grown.set(i.value);
        const bool fits = ranges_of(grown).size() <= kBound;
        require(set.insert(range) == fits, "the bound holds, and only the bound");
        if (fits) bits = grown;
    }
    const auto expected = ranges_of(bits);
    const auto ranges = set.ranges();
    require(std::equal(ranges.begin(), ranges.end(), expected.begin(), expected.end()),
            "the ranges");
    require(set.empty() == bits.none() && set.has_room() == (expected.size() < kBound), "its size");
}

}  // namespace
}  // namespace curvecp::messagehandler

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace curvecp::messagehandler;
    RangeSet set(kBound);
    Bits bits;
    curvecp::fuzz::Input input({data, size});
    while (!input.empty()) step(set, bits, input);
    return 0;
}
