// One direction of a network path: a bottleneck with a queue, then a line that delays, loses,
// reorders, duplicates and spoils packets by chance.
#pragma once

#include "curvecp/core/address.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/wander.hpp"

#include <cstddef>
#include <deque>
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
        std::uint64_t queue_limit = 100'000;  // bytes, the packet that is being sent included
        std::optional<Duration> queue_time =
            std::nullopt;            // instead: what the rate sends in so long
        std::uint64_t overhead = 0;  // bytes on the wire of each packet, beside those that it has
        double loss = 0;             // of what has left the bottleneck
        double burst_begin = 0;      // probability that all is lost from a packet on
        double burst_end = 1;        // and that it is not any more
        double reordering = 0;       // probability that a packet takes up to `extra_delay` longer
        Duration extra_delay = std::chrono::milliseconds(30);
        bool exactly_late = false;  // by all of `extra_delay`
        double duplication = 0;
        double corruption = 0;      // probability that some bits are flipped
        Duration jitter{};          // the delay wanders so far to both sides, order is kept
        Duration jitter_of_each{};  // every packet takes up to so much longer, by itself
    };
    // Since the start or the last reset.
    struct Statistics {
        std::uint64_t packets = 0;    // that came, with what was dropped
        std::uint64_t bytes = 0;      // of these, on the wire
        std::uint64_t dropped = 0;    // by the queue
        std::uint64_t lost = 0;       // on the line
        std::vector<Duration> waits;  // of each packet before its turn at the bottleneck
    };
    using Arrive = std::function<void(const Datagram&)>;

    // `arrive` is called as long as there are packets under way.
    Link(EventQueue& queue, const Config& config, std::uint64_t seed, Arrive arrive);

    void send(Datagram datagram);
    // For what has not left the bottleneck by now.
    void change(const Config& config);
    void reset_statistics() { statistics_ = {}; }

    [[nodiscard]] const Config& config() const { return config_; }
    // So long a packet that came now would wait for its turn.
    [[nodiscard]] Duration backlog();
    [[nodiscard]] const Statistics& statistics() const { return statistics_; }
    [[nodiscard]] std::uint64_t sent() const { return statistics_.packets; }
    [[nodiscard]] std::uint64_t lost() const { return statistics_.dropped + statistics_.lost; }

  private:
    struct Waiting {
        TimePoint came;
        Datagram datagram;
    };
    struct Travelling {
        TimePoint due;
        Datagram datagram;
    };

    [[nodiscard]] std::uint64_t size(const Datagram& datagram) const {
        return datagram.bytes.size() + config_.overhead;
    }
    [[nodiscard]] bool has_room(std::uint64_t size) const;
    [[nodiscard]] bool gets_lost();
    void begin(TimePoint now);
    void catch_up();
    void leave(TimePoint departure, Datagram datagram);
    void travel(TimePoint departure, Datagram datagram);
    [[nodiscard]] Duration jitter(TimePoint departure);
    void spoil(std::vector<std::uint8_t>& bytes);
    void on_arrivals();
    void set_timer();

    EventQueue& queue_;
    Config config_;
    Dice dice_;
    Wander wander_;
    Arrive arrive_;
    Timer timer_;
    Statistics statistics_;
    std::deque<Waiting> waiting_;  // the first is being sent
    std::uint64_t waiting_bytes_ = 0;
    TimePoint first_leaves_{};
    bool in_burst_ = false;
    std::deque<Travelling> line_;  // by arrival
    TimePoint last_arrival_{};
};

}  // namespace curvecp::simulation
