#include "messagehandler/range_set.hpp"

#include "tests/unit/messagehandler/values.hpp"

#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace curvecp::messagehandler;

TEST_CASE("a range set holds what a plain set of positions holds") {
    for (std::uint32_t seed = 0; seed < 30; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        RangeSet ranges(1000);
        std::set<std::uint64_t> positions;
        for (int step = 0; step < 300; ++step) {
            const std::uint64_t begin = random() % 200;
            const std::uint64_t end = begin + random() % 12;
            if (random() % 8 == 0) {
                ranges.erase_below({begin / 4});
                positions.erase(positions.begin(), positions.lower_bound(begin / 4));
            } else {
                CHECK(ranges.insert(range(begin, end)));
                for (auto i = begin; i < end; ++i) positions.insert(i);
            }
            std::uint64_t covered = 0;
            for (std::size_t i = 0; i < ranges.ranges().size(); ++i) {
                const Range part = ranges.ranges()[i];
                CHECK_FALSE(part.empty());
                // They are sorted and do not touch.
                if (i > 0) CHECK(ranges.ranges()[i - 1].end < part.begin);
                covered += part.size();
                for (auto p = part.begin.value; p < part.end.value; ++p)
                    CHECK(positions.contains(p));
            }
            CHECK(covered == positions.size());
            const std::uint64_t from = random() % 200;
            const std::uint64_t to = from + random() % 30;
            std::uint64_t first = from;
            while (first < to && positions.contains(first)) ++first;
            std::uint64_t last = first;
            while (last < to && !positions.contains(last)) ++last;
            CHECK(ranges.covers(range(from, to)) == (first == to));
            const Range missing = ranges.first_missing(range(from, to));
            CHECK(missing.size() == last - first);
            if (!missing.empty()) CHECK(missing == range(first, last));
        }
    }
}

TEST_CASE("a full range set still takes what joins its ranges") {
    RangeSet ranges(2);
    CHECK(ranges.insert(range(10, 20)));
    CHECK(ranges.insert(range(30, 40)));
    CHECK_FALSE(ranges.insert(range(50, 60)));
    CHECK(ranges.ranges().size() == 2);
    CHECK(ranges.insert(range(20, 25)));
    CHECK(ranges.insert(range(25, 30)));
    CHECK(ranges.ranges().size() == 1);
    CHECK(ranges.insert(range(50, 60)));
}
