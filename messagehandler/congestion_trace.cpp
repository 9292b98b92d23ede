#include "messagehandler/congestion_trace.hpp"

#include <charconv>

namespace curvecp::messagehandler {

namespace {

constexpr Duration kSampleInterval = std::chrono::milliseconds(10);  // ours

class JsonLine {
  public:
    explicit JsonLine(std::string& text) : text_(text) {
        text_.clear();
        text_.push_back('{');
    }

    void add(std::string_view name, std::uint64_t number) {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
        add_raw(name, {digits.begin(), end});
    }
    void add(std::string_view name, Duration duration) {
        const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(duration);
        add(name, static_cast<std::uint64_t>(whole.count()));
    }
    // A word without characters that JSON would want escaped.
    void add_word(std::string_view name, std::string_view word) {
        add_raw(name, "\"");
        text_.append(word).push_back('"');
    }
    void add_null(std::string_view name) { add_raw(name, "null"); }
    void end() { text_.append("}\n"); }

  private:
    void add_raw(std::string_view name, std::string_view value) {
        if (text_.size() > 1) text_.push_back(',');
        text_.push_back('"');
        text_.append(name).append("\":").append(value);
    }

    std::string& text_;
};

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
    JsonLine line(line_);
    line.add("time_us", now - start_);
    line.add("process", static_cast<std::uint64_t>(process_));
    line.add_word("event", event);
    line.add_word("state", state_);
    const auto rate = recovery.controller().pacing_rate();
    if (rate) {
        line.add("rate", *rate);
    } else {
        line.add_null("rate");
    }
    line.add("window", recovery.controller().window());
    line.add("in_flight", pair.output().blocks().bytes_in_flight());
    line.add("rtt_us", recovery.rtt().latest());
    line.add("smoothed_rtt_us", recovery.rtt().smoothed());
    line.add("least_rtt_us", recovery.rtt().minimum());
    line.add("acknowledged", acknowledged_.value);
    line.add("blocks", statistics_.blocks);
    line.add("sent_again", statistics_.retransmitted);
    line.add("lost", statistics_.lost);
    line.add("spurious", statistics_.spurious);
    line.end();
}

}  // namespace curvecp::messagehandler
