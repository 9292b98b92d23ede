#include "daemon/connection_status.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/core/json.hpp"
#include "curvecp/core/printable.hpp"

#include <array>

namespace curvecp::daemon {
namespace {

// Columns: the wide ones, service and address, are wide enough for most.
constexpr std::array<std::size_t, 9> kWidths{6, 64, 21, 16, 7, 7, 5, 5, 5};
using Row = std::array<std::string, kWidths.size()>;

std::string joined(const Row& row) {
    std::string line;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) line += std::string(missing + 1, ' ');
        line += row[i];
        missing = row[i].size() < kWidths[i] ? kWidths[i] - row[i].size() : 0;
    }
    return line;
}

std::string two_digits(std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

std::string short_number(std::uint64_t number) {
    constexpr std::string_view kUnits = "kMGTPE";
    constexpr std::uint64_t kThousand = 1000;
    if (number < kThousand) return std::to_string(number);
    std::size_t unit = 0;
    std::uint64_t tenths = number / (kThousand / 10);
    for (; tenths >= kThousand * 10; tenths /= kThousand) ++unit;
    std::string text = std::to_string(tenths / 10);
    if (text.size() == 1) text += "." + std::to_string(tenths % 10);
    return text + kUnits[unit];
}

std::string short_duration(Duration duration) {
    constexpr std::int64_t kSeconds = 60;
    constexpr std::int64_t kMinutes = 60;
    constexpr std::int64_t kHours = 24;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    if (seconds < kSeconds) return std::to_string(seconds) + "s";
    const auto minutes = seconds / kSeconds;
    if (minutes < kMinutes) {
        return std::to_string(minutes) + "m" + two_digits(seconds % kSeconds) + "s";
    }
    const auto hours = minutes / kMinutes;
    if (hours < kHours) return std::to_string(hours) + "h" + two_digits(minutes % kMinutes) + "m";
    return std::to_string(hours / kHours) + "d" + two_digits(hours % kHours) + "h";
}

std::string status_header() {
    return joined({"ID", "CLIENT", "ADDRESS", "SERVICE", "SINCE", "IDLE", "IN", "OUT", "RATE"});
}

std::string status_row(const ConnectionStatus& status) {
    const std::string client =
        status.name.empty() ? to_hex(status.key.bytes()) : escape_controls(status.name);
    return joined({std::to_string(status.number), client, to_text(status.remote),
                   escape_controls(status.service), short_duration(status.age),
                   short_duration(status.idle), short_number(status.bytes_in),
                   short_number(status.bytes_out), short_number(status.rate)});
}

std::string status_json(const ConnectionStatus& status, WallTime now) {
    const auto age = std::chrono::duration_cast<std::chrono::microseconds>(status.age);
    JsonObject object;
    object.add("id", status.number);
    if (!status.name.empty()) object.add("name", std::string_view(status.name));
    object.add("key", std::string_view(to_hex(status.key.bytes())))
        .add("address", std::string_view(to_text(status.remote)))
        .add("service", std::string_view(status.service))
        .add("handler", status.handler)
        .add("since", std::string_view(to_text(WallTime{now.since_1970 - age})))
        .add("age", status.age)
        .add("idle", status.idle)
        .add("bytes_in", status.bytes_in)
        .add("bytes_out", status.bytes_out)
        .add("rate", status.rate);
    return std::move(object).take();
}

}  // namespace curvecp::daemon
