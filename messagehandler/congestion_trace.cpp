#include "messagehandler/congestion_trace.hpp"

#include "curvecp/core/json.hpp"

namespace curvecp::messagehandler {

namespace {

constexpr Duration kSampleInterval = std::chrono::milliseconds(10);  // ours

std::int64_t in_us(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

const char* CongestionTrace::event(TimePoint now, const StreamPair& pair) const {
    const LossRecovery& recovery = pair.recovery();
    if (recovery.controller().state() != state_) return "state";
    if (recovery.statistics().lost != statistics_.lost) return "loss";
    if (recovery.statistics().spurious != statistics_.spurious) return "spurious";
    const bool moved = recovery.statistics().blocks != statistics_.blocks ||
                       pair.output().blocks().acknowledged() != acknowledged_;
    return moved && (!last_ || now >= *last_ + kSampleInterval) ? "sample" : nullptr;
}

const std::string& CongestionTrace::next_line(TimePoint now, const StreamPair& pair) {
    line_.clear();
    if (const char* const what = event(now, pair)) write_line(now, pair, what);
    return line_;
}

const std::string& CongestionTrace::last_line(TimePoint now, const StreamPair& pair) {
    write_line(now, pair, "end");
    return line_;
}

void CongestionTrace::write_line(TimePoint now, const StreamPair& pair, std::string_view event) {
    const LossRecovery& recovery = pair.recovery();
    last_ = now;
    state_ = recovery.controller().state();
    statistics_ = recovery.statistics();
    acknowledged_ = pair.output().blocks().acknowledged();
    JsonObject line;
    line.add("time_us", in_us(now - start_)).add("process", process_);
    line.add("event", event).add("state", state_);
    line.add("rate", recovery.controller().pacing_rate().value_or(0));
    line.add("window", recovery.controller().window());
    line.add("in_flight", pair.output().blocks().bytes_in_flight());
    line.add("rtt_us", in_us(recovery.rtt().latest()));
    line.add("smoothed_rtt_us", in_us(recovery.rtt().smoothed()));
    line.add("least_rtt_us", in_us(recovery.rtt().minimum()));
    line.add("acknowledged", acknowledged_.value);
    line.add("blocks", statistics_.blocks);
    line.add("sent_again", statistics_.retransmitted);
    line.add("lost", statistics_.lost);
    line.add("spurious", statistics_.spurious);
    line_ = std::move(line).take() + '\n';
}

}  // namespace curvecp::messagehandler
