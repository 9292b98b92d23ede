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

TEST_CASE("a queue's limit in time includes the packet that is being sent") {
    EventQueue queue;
    std::size_t arrived = 0;
    Link link(queue, {.rate = 1'000'000, .queue_time = 20ms}, 1,
              [&](const Datagram&) { ++arrived; });
    for (int i = 0; i < 100; ++i) link.send({{}, {}, std::vector<std::uint8_t>(1000)});
    CHECK(link.statistics().dropped == 80);
    CHECK(link.backlog() == 20ms);
    queue.run_for(1s);
    CHECK(arrived == 20);
    CHECK(link.statistics().packets == 100);
    CHECK(link.statistics().bytes == 100'000);
    CHECK(link.backlog() == 0ms);
    std::vector<Duration> expected;
    for (int i = 0; i < 20; ++i) expected.push_back(i * 1ms);
    CHECK(link.statistics().waits == expected);
}

TEST_CASE("what a packet has on the wire beside its bytes takes time and room") {
    const Link::Config config{
        .delay = 10ms, .rate = 1'000'000, .queue_limit = 6'000, .overhead = 500};
    for (const Duration delay : send_packets(config, 2ms, 100).delays) {
        REQUIRE(delay == 11500us);
    }
    CHECK(send_packets(config, 1us, 100).arrived == 4);
}

TEST_CASE("packets that are to be late by a time are late by that time") {
    const Outcome outcome = send_packets(
        {.delay = 10ms, .reordering = 0.05, .extra_delay = 2ms, .exactly_late = true}, 100us);
    const auto on_time = std::count(outcome.delays.begin(), outcome.delays.end(), 10100us);
    const auto late = std::count(outcome.delays.begin(), outcome.delays.end(), 12100us);
    CHECK(on_time + late == kPackets);
    CHECK(is_about(static_cast<std::uint64_t>(late), 0.05));
    CHECK(outcome.late > 0);
}

TEST_CASE("a delay that wanders stays within its reach, uses it, and keeps the order") {
    const Outcome outcome = send_packets({.delay = 30ms, .jitter = 10ms}, 200us);
    CHECK(outcome.arrived == kPackets);
    CHECK(outcome.late == 0);
    const auto [least, most] = std::minmax_element(outcome.delays.begin(), outcome.delays.end());
    CHECK(*least >= 20ms);
    CHECK(*least < 22ms);
    CHECK(*most <= 40100us);
    CHECK(*most > 38ms);
}

TEST_CASE("delays of each packet's own change the order") {
    const Outcome outcome = send_packets({.delay = 5ms, .jitter_of_each = 5ms}, 200us);
    CHECK(outcome.arrived == kPackets);
    CHECK(outcome.late > kPackets / 4);
    const auto [least, most] = std::minmax_element(outcome.delays.begin(), outcome.delays.end());
    CHECK(*least >= 5100us);
    CHECK(*most <= 10100us);
}

TEST_CASE("bursts lose their share") {
    const Outcome outcome = send_packets({.burst_begin = 0.01, .burst_end = 0.2}, 200us);
    CHECK(is_about(outcome.lost, 0.01 / (0.01 + 0.2)));
}

TEST_CASE("a change of a link holds for all that has not left the bottleneck") {
    EventQueue queue;
    std::vector<TimePoint> arrivals;
    Link::Config config{.delay = 10ms, .rate = 1'000'000};
    Link link(queue, config, 1, [&](const Datagram&) { arrivals.push_back(queue.now()); });
    for (int i = 0; i < 4; ++i) link.send({{}, {}, std::vector<std::uint8_t>(1000)});
    queue.run_for(500us);
    config.rate = 500'000;
    config.delay = 5ms;
    link.change(config);
    queue.run_for(4600us);  // the third has left when all is lost
    config.loss = 1;
    link.change(config);
    queue.run_for(1s);
    CHECK(arrivals == std::vector{TimePoint{6ms}, TimePoint{8ms}, TimePoint{10ms}});
    CHECK(link.statistics().lost == 1);
}

TEST_CASE("a shorter delay lets no packet overtake") {
    EventQueue queue;
    std::vector<TimePoint> arrivals;
    Link::Config config{.delay = 80ms, .rate = 1'000'000};
    Link link(queue, config, 1, [&](const Datagram&) { arrivals.push_back(queue.now()); });
    link.send({{}, {}, std::vector<std::uint8_t>(1000)});
    queue.run_for(10ms);
    config.delay = 20ms;
    link.change(config);
    link.send({{}, {}, std::vector<std::uint8_t>(1000)});
    queue.run_for(1s);
    CHECK(arrivals == std::vector{TimePoint{81ms}, TimePoint{81ms}});
}
