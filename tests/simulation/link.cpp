#include "tests/simulation/link.hpp"

#include <algorithm>

namespace curvecp::simulation {
namespace {

Duration time_of(std::uint64_t bytes, std::uint64_t rate) {
    return Duration(static_cast<Duration::rep>(bytes * 1'000'000'000 / rate));
}

}  // namespace

Link::Link(EventQueue& queue, const Config& config, std::uint64_t seed, Arrive arrive)
    : queue_(queue),
      config_(config),
      dice_(seed),
      wander_(~seed),
      arrive_(std::move(arrive)),
      timer_(queue, [this] { on_arrivals(); }) {}

// --- the bottleneck

void Link::send(Datagram datagram) {
    catch_up();
    const std::uint64_t bytes = size(datagram);
    ++statistics_.packets;
    statistics_.bytes += bytes;
    if (!has_room(bytes)) {
        ++statistics_.dropped;
        return;
    }
    waiting_.push_back({queue_.now(), std::move(datagram)});
    waiting_bytes_ += bytes;
    if (waiting_.size() == 1) begin(queue_.now());
    set_timer();
}

bool Link::has_room(std::uint64_t size) const {
    if (waiting_.empty()) return true;
    if (!config_.queue_time) return waiting_bytes_ + size <= config_.queue_limit;
    return time_of(waiting_bytes_ + size, config_.rate) <= *config_.queue_time;
}

// The first packet has its turn.
void Link::begin(TimePoint now) {
    statistics_.waits.push_back(now - waiting_.front().came);
    first_leaves_ = now + time_of(size(waiting_.front().datagram), config_.rate);
}

void Link::catch_up() {
    while (!waiting_.empty() && first_leaves_ <= queue_.now()) {
        const TimePoint departure = first_leaves_;
        Datagram datagram = std::move(waiting_.front().datagram);
        waiting_.pop_front();
        waiting_bytes_ -= size(datagram);
        leave(departure, std::move(datagram));
        if (!waiting_.empty()) begin(departure);
    }
}

Duration Link::backlog() {
    catch_up();
    if (waiting_.empty()) return {};
    const std::uint64_t behind = waiting_bytes_ - size(waiting_.front().datagram);
    return first_leaves_ - queue_.now() + time_of(behind, config_.rate);
}

void Link::change(const Config& config) {
    catch_up();
    config_ = config;
    set_timer();
}

// --- the line

bool Link::gets_lost() {
    if (config_.burst_begin > 0) {
        in_burst_ =
            in_burst_ ? !dice_.chance(config_.burst_end) : dice_.chance(config_.burst_begin);
    }
    return dice_.chance(config_.loss) || in_burst_;
}

void Link::leave(TimePoint departure, Datagram datagram) {
    if (gets_lost()) {
        ++statistics_.lost;
        return;
    }
    if (dice_.chance(config_.duplication)) travel(departure, datagram);
    travel(departure, std::move(datagram));
}

void Link::travel(TimePoint departure, Datagram datagram) {
    TimePoint arrival = std::max(departure, departure + config_.delay + jitter(departure));
    if (config_.jitter_of_each == Duration{}) arrival = std::max(arrival, last_arrival_);
    last_arrival_ = std::max(arrival, last_arrival_);
    if (dice_.chance(config_.reordering)) {
        const auto most = static_cast<std::uint64_t>(config_.extra_delay.count());
        arrival += Duration(
            static_cast<Duration::rep>(config_.exactly_late ? most : dice_.below(most + 1)));
    }
    if (dice_.chance(config_.corruption)) spoil(datagram.bytes);
    const auto later = std::find_if(line_.rbegin(), line_.rend(),
                                    [&](const Travelling& other) { return other.due <= arrival; });
    line_.insert(later.base(), {arrival, std::move(datagram)});
}

Duration Link::jitter(TimePoint departure) {
    Duration jitter{};
    if (config_.jitter != Duration{}) jitter += wander_.at(departure, config_.jitter);
    if (config_.jitter_of_each != Duration{}) {
        const auto most = static_cast<std::uint64_t>(config_.jitter_of_each.count());
        jitter += Duration(static_cast<Duration::rep>(dice_.below(most + 1)));
    }
    return jitter;
}

void Link::spoil(std::vector<std::uint8_t>& bytes) {
    const std::uint64_t flips = dice_.between(1, 4);
    for (std::uint64_t i = 0; i < flips; ++i) {
        bytes[dice_.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << dice_.below(8));
    }
}

void Link::on_arrivals() {
    catch_up();
    while (!line_.empty() && line_.front().due <= queue_.now()) {
        const Datagram datagram = std::move(line_.front().datagram);
        line_.pop_front();
        arrive_(datagram);
    }
    set_timer();
}

// Packets leave the bottleneck unseen; it is early enough to look when the first could arrive.
void Link::set_timer() {
    std::optional<TimePoint> due;
    if (!line_.empty()) due = line_.front().due;
    if (!waiting_.empty()) {
        const Duration least = std::max(Duration{}, config_.delay - config_.jitter);
        due = earlier(due, first_leaves_ + least);
    }
    timer_.set(due);
}

}  // namespace curvecp::simulation
