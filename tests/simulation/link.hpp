// One direction of a network path: a bottleneck with a queue, then a line that delays, loses,
// reorders, duplicates and spoils packets by chance.
#pragma once

#include "curvecp/core/address.hpp"
#include "tests/simulation/dice.hpp"
#include "tests/simulation/event_queue.hpp"

#include <cstddef>
#include <vector>

namespace curvecp::simulation {

struct Datagram {
    Address from;
    Address to;
    std::vector<std::uint8_t> bytes;
};

class Link {
  public:
    struct Config {
        Duration delay = std::chrono::milliseconds(10);
        std::uint64_t rate = 10'000'000;      // bytes a second
        std::uint64_t queue_limit = 100'000;  // bytes; what does not fit is dropped
        double loss = 0;
        double reordering = 0;  // probability that a packet takes up to `extra_delay` longer
        Duration extra_delay = std::chrono::milliseconds(30);
        double duplication = 0;
        double corruption = 0;  // probability that some bits are flipped
    };
    using Arrive = std::function<void(const Datagram&)>;

    // `arrive` is called as long as there are packets under way.
    Link(EventQueue& queue, const Config& config, std::uint64_t seed, Arrive arrive)
        : queue_(queue), config_(config), dice_(seed), arrive_(std::move(arrive)) {}

    void send(Datagram datagram);

    [[nodiscard]] Config& config() { return config_; }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

  private:
    void travel(TimePoint departure, Datagram datagram);
    void spoil(std::vector<std::uint8_t>& bytes);

    EventQueue& queue_;
    Config config_;
    Dice dice_;
    Arrive arrive_;
    TimePoint busy_until_{};
    std::uint64_t sent_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace curvecp::simulation
