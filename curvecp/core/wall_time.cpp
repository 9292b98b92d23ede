#include "curvecp/core/wall_time.hpp"

namespace curvecp {
namespace {

std::string digits(std::int64_t number, std::size_t width) {
    const std::string text = std::to_string(number);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

std::string to_text(WallTime time) {
    using std::chrono::days;
    using std::chrono::hh_mm_ss;
    using std::chrono::milliseconds;
    const auto day = std::chrono::floor<days>(time.since_1970);
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const hh_mm_ss clock(std::chrono::floor<milliseconds>(time.since_1970 - day));
    return digits(static_cast<int>(date.year()), 4) + "-" +
           digits(static_cast<unsigned>(date.month()), 2) + "-" +
           digits(static_cast<unsigned>(date.day()), 2) + "T" + digits(clock.hours().count(), 2) +
           ":" + digits(clock.minutes().count(), 2) + ":" + digits(clock.seconds().count(), 2) +
           "." + digits(clock.subseconds().count(), 3) + "Z";
}

}  // namespace curvecp
