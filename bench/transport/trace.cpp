#include "bench/transport/trace.hpp"

#include "bench/transport/path.hpp"

namespace curvecp::bench {

void Trace::begin(std::string_view name, std::uint64_t seed) {
    if (about_.empty()) {
        file_ << "name,seed,ms,flow,delivered,queue_ms,dropped,lost,blocks,again,spurious,state,"
                 "pacing_bytes_per_s,window,in_flight,srtt_ms,min_rtt_ms\n";
    }
    about_ = std::string(name) + ',' + std::to_string(seed) + ',';
}

void Trace::write(TimePoint now, std::size_t number, const Flow& flow, simulation::Link& down) {
    file_ << about_ << in_ms(now - TimePoint{}) << ',' << number << ',' << flow.delivered() << ','
          << in_ms(down.backlog()) << ',' << down.statistics().dropped << ','
          << down.statistics().lost << ',' << flow.blocks().sent << ',' << flow.blocks().again;
    if (const auto* const server = flow.server()) {
        const auto& recovery = server->streams().recovery();
        const auto& controller = recovery.controller();
        file_ << ',' << recovery.statistics().spurious << ',' << controller.state() << ','
              << controller.pacing_rate().value_or(0) << ',' << controller.window() << ','
              << server->streams().output().blocks().bytes_in_flight() << ','
              << in_ms(recovery.rtt().smoothed()) << ',' << in_ms(recovery.rtt().minimum());
    }
    file_ << '\n';
}

}  // namespace curvecp::bench
