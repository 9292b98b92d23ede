// Two links and the connections that share them, with a record of who got how much when.
#pragma once

#include "bench/transport/flow.hpp"
#include "bench/transport/profiles.hpp"
#include "bench/transport/trace.hpp"

#include <cmath>

namespace curvecp::bench {

// What the client's program of a flow had read, every 10 ms.
class Record {
  public:
    static constexpr Duration kStep = std::chrono::milliseconds(10);

    void add(std::uint64_t delivered) { delivered_.push_back(delivered); }
    // Bytes between two moments.
    [[nodiscard]] double bytes(double from_seconds, double to_seconds) const;
    // Bytes a second.
    [[nodiscard]] double rate(double from_seconds, double to_seconds) const {
        return bytes(from_seconds, to_seconds) / (to_seconds - from_seconds);
    }
    // The start of the first 200 ms, of those from `after` on, that carried this rate or more.
    [[nodiscard]] std::optional<double> first_at_rate(double after_seconds, double rate) const;

  private:
    static constexpr double kStepSeconds = std::chrono::duration<double>(kStep).count();

    [[nodiscard]] static std::size_t step_of(double seconds) {
        return static_cast<std::size_t>(std::lround(seconds / kStepSeconds));
    }
    [[nodiscard]] std::uint64_t at(std::size_t step) const;

    std::vector<std::uint64_t> delivered_;
};

class Path {
  public:
    // What happens is written to `trace`, where there is one.
    Path(const Profile& profile, std::uint64_t seed, Trace* trace = nullptr);

    Flow& add(Flow::Config config);
    // Until this time of the virtual clock.
    void run_until(double seconds);
    // Until the flow's last byte has come, or 30 s.
    double run_until_complete(const Flow& flow);
    void change(const simulation::Link::Config& down, const simulation::Link::Config& up);

    [[nodiscard]] simulation::Link& down() { return down_; }
    [[nodiscard]] const simulation::Link& up() const { return up_; }
    [[nodiscard]] const Record& record(std::size_t flow = 0) const { return records_[flow]; }
    [[nodiscard]] const Flow& flow(std::size_t number = 0) const { return *flows_[number]; }

  private:
    void sample();

    std::uint64_t seed_;
    simulation::EventQueue queue_;
    std::vector<std::unique_ptr<Flow>> flows_;
    std::vector<Record> records_;
    simulation::Link down_;
    simulation::Link up_;
    std::size_t pipe_size_;
    simulation::Timer sampler_;
    Trace* trace_;
};

// How long packets waited for their turn.
[[nodiscard]] inline double in_ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

struct Waits {
    explicit Waits(std::vector<Duration> waits);
    double mean_ms = 0;
    double p95_ms = 0;
    double max_ms = 0;
};

}  // namespace curvecp::bench
