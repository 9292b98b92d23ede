#include "curvecp/core/wall_time.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

TEST_CASE("the time of day is written as RFC 3339 has it, to the millisecond") {
    using std::chrono::microseconds;
    using std::chrono::seconds;
    CHECK(to_text(WallTime{}) == "1970-01-01T00:00:00.000Z");
    CHECK(to_text(WallTime{seconds(951'782'399)}) == "2000-02-28T23:59:59.000Z");
    CHECK(to_text(WallTime{seconds(951'782'400)}) == "2000-02-29T00:00:00.000Z");
    CHECK(to_text(WallTime{seconds(1'795'878'245) + microseconds(678'999)}) ==
          "2026-11-28T15:04:05.678Z");
}
