#include "curvecp/core/time.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace std::chrono_literals;

TEST_CASE("the earlier of two deadlines, where none is never") {
    const TimePoint soon{1s};
    const TimePoint late{2s};
    CHECK(earlier(soon, late) == soon);
    CHECK(earlier(late, soon) == soon);
    CHECK(earlier(soon, std::nullopt) == soon);
    CHECK(earlier(std::nullopt, soon) == soon);
    CHECK_FALSE(earlier(std::nullopt, std::nullopt));
}
