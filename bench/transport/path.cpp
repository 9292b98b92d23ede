#include "bench/transport/path.hpp"

#include <algorithm>
#include <numeric>

namespace curvecp::bench {

using simulation::Datagram;
using simulation::Link;

namespace {

constexpr std::uint64_t kIpAndUdp = 28;
constexpr std::uint64_t kBoxDown = 64;  // specification: a Message packet beside its message
constexpr std::uint64_t kBoxUp = 96;
constexpr double kMostSeconds = 30;

Link::Config with_overhead(Link::Config config, std::uint64_t box) {
    config.overhead = kIpAndUdp + box;
    return config;
}

// Server and client enlarge the pipes of who sends many packets at once.
std::size_t pipe_size(const Profile& profile) {
    constexpr std::uint64_t kFast = 50'000'000;
    return profile.down.rate > kFast ? 1'048'576 : 65'536;
}

TimePoint at(double seconds) {
    return TimePoint{} +
           std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

}  // namespace

// --- record

std::uint64_t Record::at(std::size_t step) const {
    return delivered_.empty() ? 0 : delivered_[std::min(step, delivered_.size() - 1)];
}

double Record::bytes(double from_seconds, double to_seconds) const {
    return static_cast<double>(at(step_of(to_seconds)) - at(step_of(from_seconds)));
}

std::optional<double> Record::first_at_rate(double after_seconds, double rate) const {
    constexpr std::size_t kWindow = 20;
    const double enough = rate * kWindow * kStepSeconds;
    std::size_t from = step_of(after_seconds);
    while (static_cast<double>(at(from + kWindow) - at(from)) < enough) {
        if (++from + kWindow >= delivered_.size()) return std::nullopt;
    }
    while (at(from + 1) == at(from)) ++from;
    return static_cast<double>(from) * kStepSeconds;
}

// --- path

Path::Path(const Profile& profile, std::uint64_t seed, Trace* trace)
    : seed_(seed),
      down_(queue_, with_overhead(profile.down, kBoxDown), 2 * seed,
            [this](const Datagram& d) { flows_[d.to.port]->on_packet_down(d); }),
      up_(queue_, with_overhead(profile.up, kBoxUp), 2 * seed + 1,
          [this](const Datagram& d) { flows_[d.to.port]->on_packet_up(d); }),
      pipe_size_(pipe_size(profile)),
      sampler_(queue_, [this] { sample(); }),
      trace_(trace) {
    if (trace_ != nullptr) trace_->begin(profile.name, seed);
    sampler_.set(queue_.now());
}

Flow& Path::add(Flow::Config config) {
    const auto number = static_cast<std::uint16_t>(flows_.size());
    config.seed = seed_ * 1000 + number;
    config.pipe_size = pipe_size_;
    flows_.push_back(std::make_unique<Flow>(queue_, down_, up_, number, config));
    records_.emplace_back();
    return *flows_.back();
}

void Path::sample() {
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        records_[i].add(flows_[i]->delivered());
        if (trace_ != nullptr) trace_->write(queue_.now(), i, *flows_[i], down_);
    }
    sampler_.set(queue_.now() + Record::kStep);
}

void Path::run_until(double seconds) {
    queue_.run_until(at(seconds), [] { return false; });
}

double Path::run_until_complete(const Flow& flow) {
    queue_.run_until(at(kMostSeconds), [&] { return flow.complete(); });
    return std::chrono::duration<double>(queue_.now() - TimePoint{}).count();
}

void Path::change(const Link::Config& down, const Link::Config& up) {
    down_.change(with_overhead(down, kBoxDown));
    up_.change(with_overhead(up, kBoxUp));
}

// --- waits

Waits::Waits(std::vector<Duration> waits) {
    if (waits.empty()) return;
    const auto p95 = waits.begin() + static_cast<std::ptrdiff_t>(waits.size() * 95 / 100);
    std::nth_element(waits.begin(), p95, waits.end());
    p95_ms = in_ms(*p95);
    max_ms = in_ms(*std::max_element(waits.begin(), waits.end()));
    mean_ms = in_ms(std::accumulate(waits.begin(), waits.end(), Duration{})) /
              static_cast<double>(waits.size());
}

}  // namespace curvecp::bench
