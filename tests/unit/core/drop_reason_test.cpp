#include "curvecp/core/drop_reason.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace curvecp;

TEST_CASE("every reason has a text and a counter of its own") {
    DropCounters counters;
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < kDropReasons; ++i) {
        const auto reason = static_cast<DropReason>(i);
        CHECK_FALSE(to_text(reason).empty());
        CHECK(texts.insert(to_text(reason)).second);
        CHECK(counters.of(reason) == 0);
        counters.count(reason);
        CHECK(counters.of(reason) == 1);
    }
}
