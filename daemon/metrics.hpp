// The server's counters in the text format of Prometheus.
#pragma once

#include "curvecp/core/drop_reason.hpp"
#include "daemon/event.hpp"

namespace curvecp::daemon {

struct Metrics {
    Duration uptime{};
    bool draining = false;
    std::uint64_t connections = 0;
    std::uint64_t most_connections = 0;
    std::uint64_t opened = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    DropCounters dropped;
    std::array<std::uint64_t, kEventKinds> events{};
    std::uint64_t events_lost = 0;
};

// Version 0.0.4 of the format, with the end of the last line.
[[nodiscard]] std::string to_prometheus(const Metrics& metrics);

}  // namespace curvecp::daemon
