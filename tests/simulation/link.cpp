#include "tests/simulation/link.hpp"

namespace curvecp::simulation {
namespace {

Duration time_of(std::uint64_t bytes, std::uint64_t rate) {
    return Duration(static_cast<Duration::rep>(bytes * 1'000'000'000 / rate));
}

}  // namespace

void Link::send(Datagram datagram) {
    ++sent_;
    const TimePoint start = std::max(busy_until_, queue_.now());
    const Duration wait = start - queue_.now();
    if (wait + time_of(datagram.bytes.size(), config_.rate) >
        time_of(config_.queue_limit, config_.rate)) {
        ++lost_;
        return;
    }
    busy_until_ = start + time_of(datagram.bytes.size(), config_.rate);
    if (dice_.chance(config_.loss)) {
        ++lost_;
        return;
    }
    if (dice_.chance(config_.duplication)) travel(busy_until_, datagram);
    travel(busy_until_, std::move(datagram));
}

void Link::travel(TimePoint departure, Datagram datagram) {
    TimePoint arrival = departure + config_.delay;
    if (dice_.chance(config_.reordering)) {
        arrival += Duration(static_cast<Duration::rep>(
            dice_.below(static_cast<std::uint64_t>(config_.extra_delay.count()) + 1)));
    }
    if (dice_.chance(config_.corruption)) spoil(datagram.bytes);
    queue_.at(arrival, [this, late = std::move(datagram)] { arrive_(late); });
}

void Link::spoil(std::vector<std::uint8_t>& bytes) {
    const std::uint64_t flips = dice_.between(1, 4);
    for (std::uint64_t i = 0; i < flips; ++i) {
        bytes[dice_.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << dice_.below(8));
    }
}

}  // namespace curvecp::simulation
