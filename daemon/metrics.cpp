#include "daemon/metrics.hpp"

namespace curvecp::daemon {
namespace {

class Page {
  public:
    // A metric that has lines to come.
    void begin(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += "# HELP curvecp_" + name_ + " " + std::string(help) + "\n";
        text_ += "# TYPE curvecp_" + name_ + " " + std::string(type) + "\n";
    }
    void add(const std::string& labels, const std::string& value) {
        text_ += "curvecp_" + name_ + labels + " " + value + "\n";
    }
    void add(const std::string& labels, std::uint64_t value) { add(labels, std::to_string(value)); }
    void whole(std::string_view name, std::string_view type, std::string_view help,
               std::uint64_t value) {
        begin(name, type, help);
        add("", value);
    }

    [[nodiscard]] std::string take() && { return std::move(text_); }

  private:
    std::string name_;
    std::string text_;
};

// The values are ours and need no escapes.
std::string labels(std::string_view name, std::string_view value) {
    return "{" + std::string(name) + "=\"" + std::string(value) + "\"}";
}

}  // namespace

std::string to_prometheus(const Metrics& metrics) {
    Page page;
    page.whole("uptime_seconds", "gauge", "Since the server's start.",
               static_cast<std::uint64_t>(
                   std::chrono::duration_cast<std::chrono::seconds>(metrics.uptime).count()));
    page.whole("draining", "gauge", "1 while no new connections are taken.",
               metrics.draining ? 1 : 0);
    page.whole("connections", "gauge", "Connections now.", metrics.connections);
    page.whole("connections_limit", "gauge", "As many are allowed at once.",
               metrics.most_connections);
    page.whole("connections_total", "counter", "Connections opened.", metrics.opened);
    page.begin("message_bytes_total", "counter", "Bytes of messages, by direction.");
    page.add(labels("direction", "in"), metrics.bytes_in);
    page.add(labels("direction", "out"), metrics.bytes_out);
    page.begin("dropped_packets_total", "counter", "Packets without an answer, by reason.");
    for (std::size_t i = 0; i < kDropReasons; ++i) {
        const auto reason = static_cast<DropReason>(i);
        page.add(labels("reason", to_text(reason)), metrics.dropped.of(reason));
    }
    page.begin("events_total", "counter", "Events, by name.");
    for (std::size_t i = 0; i < kEventKinds; ++i) {
        page.add(labels("event", to_text(static_cast<EventKind>(i))), metrics.events[i]);
    }
    page.whole("events_lost_total", "counter", "Events that slow subscribers did not get.",
               metrics.events_lost);
    return std::move(page).take();
}

}  // namespace curvecp::daemon
