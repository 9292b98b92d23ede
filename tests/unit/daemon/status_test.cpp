#include "daemon/connection_selector.hpp"
#include "daemon/connection_status.hpp"
#include "daemon/metrics.hpp"
#include "daemon/rate_meter.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr TimePoint kMeterStart{hours(1)};

PublicKey status_key(std::uint8_t byte) {
    PublicKey key;
    key.bytes()[0] = byte;
    return key;
}

ConnectionStatus status_of_one() {
    return {.number = 7,
            .name = "",
            .key = status_key(0xab),
            .remote = {*parse_ip("192.0.2.1"), 4000},
            .service = "echo.example",
            .handler = 99,
            .age = seconds(187),
            .idle = milliseconds(2500),
            .bytes_in = 1500,
            .bytes_out = 23'456'789,
            .rate = 0};
}

bool selects(std::string_view text, std::uint64_t number, std::uint8_t key, std::string_view remote,
             std::uint16_t port) {
    const auto selector = ConnectionSelector::parse(text);
    REQUIRE(selector.has_value());
    return selector->matches(number, status_key(key), {*parse_ip(remote), port});
}

}  // namespace

TEST_CASE("a rate is that of the last second, and nothing after a quiet one") {
    RateMeter meter(kMeterStart);
    CHECK(meter.rate(kMeterStart, 0) == 0);
    meter.sample(kMeterStart + milliseconds(500), 5'000);
    CHECK(meter.rate(kMeterStart + milliseconds(600), 5'000) == 0);
    meter.sample(kMeterStart + seconds(2), 20'000);
    CHECK(meter.rate(kMeterStart + seconds(2), 20'000) == 10'000);
    CHECK(meter.rate(kMeterStart + milliseconds(2'900), 90'000) == 10'000);
    CHECK(meter.rate(kMeterStart + seconds(12), 20'000) == 0);
}

TEST_CASE("numbers and durations are short") {
    CHECK(short_number(0) == "0");
    CHECK(short_number(999) == "999");
    CHECK(short_number(1'000) == "1.0k");
    CHECK(short_number(1'550) == "1.5k");
    CHECK(short_number(23'456) == "23k");
    CHECK(short_number(999'999) == "999k");
    CHECK(short_number(1'000'000) == "1.0M");
    CHECK(short_number(18'446'744'073'709'551'615U) == "18E");
    CHECK(short_duration(milliseconds(900)) == "0s");
    CHECK(short_duration(seconds(59)) == "59s");
    CHECK(short_duration(seconds(187)) == "3m07s");
    CHECK(short_duration(hours(5) + minutes(2)) == "5h02m");
    CHECK(short_duration(hours(75)) == "3d03h");
}

TEST_CASE("rows stand below their header, and a name takes the key's place") {
    ConnectionStatus status = status_of_one();
    const std::string header = status_header();
    const std::string row = status_row(status);
    CHECK(row.find("192.0.2.1:4000") == header.find("ADDRESS"));
    CHECK(row.find("echo.example") == header.find("SERVICE"));
    CHECK(row.find("3m07s") == header.find("SINCE"));
    CHECK(row.find("2s") == header.find("IDLE"));
    CHECK(row.find("1.5k") == header.find("IN "));
    CHECK(row.find("23M") == header.find("OUT"));
    CHECK(row.find("ab00") == header.find("CLIENT"));
    status.name = "alice\n";
    CHECK(status_row(status).find("alice\\x0a  ") == header.find("CLIENT"));
}

TEST_CASE("JSON tells all of a connection") {
    ConnectionStatus status = status_of_one();
    const std::string key = "ab" + std::string(62, '0');
    const WallTime now{seconds(1'795'878'245)};
    CHECK(status_json(status, now) ==
          R"({"id":7,"key":")" + key +
              R"(","address":"192.0.2.1:4000","service":"echo.example","handler":99,)"
              R"("since":"2026-11-28T15:00:58.000Z","age":187.000,"idle":2.500,)"
              R"("bytes_in":1500,"bytes_out":23456789,"rate":0})");
    status.name = "a\"b";
    CHECK(status_json(status, now).find(R"("name":"a\"b")") != std::string::npos);
}

TEST_CASE("connections are meant by number, key, address, or address and port") {
    CHECK(selects("7", 7, 1, "192.0.2.1", 4000));
    CHECK_FALSE(selects("7", 8, 1, "192.0.2.1", 4000));
    const std::string key = "01" + std::string(62, '0');
    CHECK(selects(key, 7, 1, "192.0.2.1", 4000));
    CHECK_FALSE(selects(key, 7, 2, "192.0.2.1", 4000));
    CHECK(selects("192.0.2.1", 7, 1, "192.0.2.1", 4000));
    CHECK_FALSE(selects("192.0.2.1", 7, 1, "192.0.2.2", 4000));
    CHECK(selects("192.0.2.1:4000", 7, 1, "192.0.2.1", 4000));
    CHECK_FALSE(selects("192.0.2.1:4000", 7, 1, "192.0.2.1", 4001));
    CHECK(selects("2001:db8::1", 7, 1, "2001:db8::1", 4000));
    CHECK(selects("[2001:db8::1]:4000", 7, 1, "2001:db8::1", 4000));
    CHECK_FALSE(selects("[2001:db8::1]:4000", 7, 1, "2001:db8::1", 40));
    for (const std::string_view text :
         {"", "x", "-1", "7x", "192.0.2", "192.0.2.1:", "192.0.2.1:70000", "[192.0.2.1]:80",
          "[2001:db8::1]", "99999999999999999999999"}) {
        CAPTURE(text);
        CHECK_FALSE(ConnectionSelector::parse(text).has_value());
    }
}

TEST_CASE("a page of metrics has help and type for each") {
    Metrics metrics;
    metrics.uptime = seconds(61);
    metrics.connections = 3;
    metrics.most_connections = 100;
    metrics.opened = 12;
    metrics.bytes_in = 1000;
    metrics.dropped.count(DropReason::BadHello);
    metrics.events[static_cast<std::size_t>(EventKind::Accepted)] = 5;
    const std::string page = to_prometheus(metrics);
    const auto has = [&](const std::string& line) {
        return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
    };
    CHECK(has("# TYPE curvecp_connections gauge"));
    CHECK(has("curvecp_connections 3"));
    CHECK(has("curvecp_connections_limit 100"));
    CHECK(has("curvecp_connections_total 12"));
    CHECK(has("curvecp_uptime_seconds 61"));
    CHECK(has(R"(curvecp_message_bytes_total{direction="in"} 1000)"));
    CHECK(has(R"(curvecp_dropped_packets_total{reason="bad Hello"} 1)"));
    CHECK(has(R"(curvecp_events_total{event="accepted"} 5)"));
    CHECK(has("curvecp_events_lost_total 0"));
}
