// The simulated network does what it says: else the other cases prove nothing.
#include "tests/simulation/network.hpp"

#include <doctest/doctest.h>

using namespace curvecp::simulation;
using namespace std::chrono_literals;
using curvecp::Duration;
using curvecp::TimePoint;

namespace {

constexpr int kPackets = 20'000;

struct Outcome {
    std::uint64_t lost = 0;
    std::uint64_t arrived = 0;
    std::uint64_t late = 0;
    std::uint64_t spoilt = 0;
    std::vector<Duration> delays;
};

// Packets of 1000 bytes at this interval.
Outcome send_packets(const Link::Config& config, Duration interval, int count = kPackets) {
    EventQueue queue;
    Outcome outcome;
    std::uint64_t last = 0;
    Link link(queue, config, 1, [&](const Datagram& datagram) {
        ++outcome.arrived;
        outcome.spoilt +=
            static_cast<std::uint64_t>(datagram.bytes != std::vector<std::uint8_t>(1000, 0x55));
        outcome.late += static_cast<std::uint64_t>(datagram.from.ip.scope < last);
        last = datagram.from.ip.scope;
        outcome.delays.push_back(queue.now() - TimePoint{} - datagram.from.ip.scope * interval);
    });
    for (int i = 0; i < count; ++i) {
        Datagram datagram;
        datagram.from.ip.scope = static_cast<std::uint32_t>(i);  // its number
        datagram.bytes.assign(1000, 0x55);
        link.send(std::move(datagram));
        queue.run_for(interval);
    }
    queue.run_for(10s);
    outcome.lost = link.lost();
    return outcome;
}

bool is_about(std::uint64_t count, double share) {
    const double expected = share * kPackets;
    return static_cast<double>(count) > 0.8 * expected &&
           static_cast<double>(count) < 1.2 * expected;
}

}  // namespace

TEST_CASE("a good link delivers every packet in order after delay and sending time") {
    const Outcome outcome = send_packets({.delay = 25ms, .rate = 10'000'000}, 1ms);
    CHECK(outcome.arrived == kPackets);
    CHECK(outcome.late == 0);
    CHECK(outcome.spoilt == 0);
    for (const Duration delay : outcome.delays) REQUIRE(delay == 25ms + 100us);
}

TEST_CASE("a link loses, reorders, duplicates and spoils as often as it was told to") {
    CHECK(is_about(send_packets({.loss = 0.1}, 1ms).lost, 0.1));
    CHECK(is_about(send_packets({.duplication = 0.05}, 1ms).arrived - kPackets, 0.05));
    CHECK(is_about(send_packets({.corruption = 0.05}, 1ms).spoilt, 0.05));
    const std::uint64_t late = send_packets({.reordering = 0.05, .extra_delay = 30ms}, 1ms).late;
    CHECK(late > kPackets / 50);
}

TEST_CASE("a link is as fast as its rate, and its queue drops what does not fit") {
    const Outcome outcome =
        send_packets({.delay = 0ms, .rate = 1'000'000, .queue_limit = 50'000}, 500us, 1000);
    CHECK(outcome.lost > 400);
    CHECK(outcome.lost < 500);
    for (const Duration delay : outcome.delays) REQUIRE(delay <= 50ms);
    CHECK(*std::max_element(outcome.delays.begin(), outcome.delays.end()) > 48ms);
}

TEST_CASE("the same seed gives the same case") {
    const Link::Config bad{.loss = 0.1, .reordering = 0.1, .duplication = 0.1, .corruption = 0.1};
    CHECK(send_packets(bad, 1ms, 1000).delays == send_packets(bad, 1ms, 1000).delays);
}

TEST_CASE("a timer fires once, at the time that it was last set to") {
    EventQueue queue;
    std::vector<TimePoint> fired;
    Timer timer(queue, [&] { fired.push_back(queue.now()); });
    timer.set(TimePoint{5s});
    timer.set(TimePoint{9s});
    timer.set(TimePoint{7s});
    queue.run_for(6s);
    CHECK(fired.empty());
    queue.run_for(20s);
    CHECK(fired == std::vector{TimePoint{7s}});
    timer.set(TimePoint{30s});
    timer.set(std::nullopt);
    queue.run_for(20s);
    CHECK(fired.size() == 1);
}

TEST_CASE("packets reach whoever has the address when they arrive") {
    EventQueue queue;
    const auto address = [](std::uint16_t port) { return curvecp::Address{{}, port}; };
    Network network(queue, address(1));
    std::vector<std::uint16_t> to_server;
    std::size_t to_client = 0;
    network.attach_server([&](const Datagram& d) { to_server.push_back(d.from.port); });
    network.add_client({.delay = 10ms}, 1, address(2), [&](const Datagram&) { ++to_client; });
    network.send_from_client(0, {1}, address(1));
    network.send_from_server({1}, address(2));
    queue.run_for(1s);
    CHECK(to_client == 1);
    network.send_from_server({1}, address(2));
    network.move_client(0, address(3));
    network.send_from_client(0, {1}, address(1));
    queue.run_for(1s);
    CHECK(to_client == 1);
    CHECK(to_server == std::vector<std::uint16_t>{2, 3});
    network.send_from_server({1}, address(3));
    network.send_from_server({1}, address(4));
    queue.run_for(1s);
    CHECK(to_client == 2);
    CHECK(network.stray() == 1);
}
