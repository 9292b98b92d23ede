// Whatever the network does to packets, the bytes arrive.
#include "tests/simulation/world.hpp"

using namespace curvecp;
using namespace curvecp::simulation;
using namespace std::chrono_literals;
using messagehandler::Role;

namespace {

Link::Config bad_link(Dice& dice) {
    Link::Config link;
    link.delay = std::chrono::milliseconds(dice.between(1, 80));
    link.rate = dice.between(500'000, 20'000'000);
    link.queue_limit = dice.between(10'000, 300'000);
    link.loss = 0.10;
    link.reordering = 0.05;
    link.duplication = 0.02;
    link.corruption = dice.chance(0.5) ? 0.01 : 0;
    return link;
}

Handler::Config writing(Role role, std::uint64_t bytes) {
    Handler::Config config;
    config.streams.role = role;
    config.script.output = bytes;
    return config;
}

struct Spent {
    Duration time;
    std::uint64_t packets_up;
    std::uint64_t packets_down;
};

Spent transfer(std::uint64_t seed, std::uint64_t up, std::uint64_t down, const Link::Config& link,
               Role role) {
    World world(seed, {.handler = writing(Role::Server, down)});
    world.add_client({.handler = writing(role, up)}, link);
    CHECK(world.run_until_quiet(1h));
    check_complete(world, 0, 0);
    CHECK(world.server().opened() == 1);
    CHECK(world.client().handler()->program().written() == up);
    CHECK(world.server().handler(0).program().written() == down);
    return {world.queue().now() - TimePoint{}, world.network().upward(0).sent(),
            world.network().downward(0).sent()};
}

// So slow would be a sender that has two blocks a round trip under way, and then waits for its
// packets to pass the bottleneck twice. What is measured is well below.
Duration patience(std::uint64_t bytes, const Link::Config& link) {
    const auto blocks = static_cast<Duration::rep>(bytes / 1024);
    const auto passing = static_cast<Duration::rep>(2 * bytes * 1'000'000'000 / link.rate);
    return 1s + blocks * (2 * link.delay + link.extra_delay) / 2 + Duration(passing);
}

}  // namespace

TEST_CASE("on a good network bytes arrive in both directions at once, whoever speaks first") {
    for (const Role role : {Role::ClientServerSpeaksFirst, Role::ClientSpeaksFirst}) {
        for (const std::uint64_t bytes : {0U, 1U, 511U, 512U, 513U, 1024U, 1025U, 1'000'000U}) {
            CAPTURE(bytes);
            transfer(1, bytes, bytes, {}, role);
            transfer(2, bytes, 0, {}, role);
            transfer(3, 0, bytes, {}, role);
        }
    }
}

TEST_CASE("on a good network no block is sent twice, and few acknowledgments") {
    for (const Role role : {Role::ClientServerSpeaksFirst, Role::ClientSpeaksFirst}) {
        const Spent spent = transfer(1, 1'000'000, 0, {.queue_limit = 400'000}, role);
        CHECK(spent.packets_up < 1'010);  // the first have 512 bytes
        CHECK(spent.packets_down < 300);
        CHECK(spent.time < 1s);
    }
}

TEST_CASE("packets that come a little late are not sent twice") {
    const Link::Config link{
        .delay = 20ms, .queue_limit = 800'000, .reordering = 0.05, .extra_delay = 5ms};
    for (const std::uint64_t seed : seeds(5)) {
        INFO(to_run_alone(seed));
        const Spent spent = transfer(seed, 1'000'000, 0, link, Role::ClientSpeaksFirst);
        CHECK(spent.packets_up < 1'010);  // the first have 512 bytes
    }
}

TEST_CASE("at 1% loss a stream repairs itself without waiting for time-outs") {
    const Link::Config link{.delay = 20ms, .loss = 0.01};
    for (const std::uint64_t seed : seeds(5)) {
        INFO(to_run_alone(seed));
        const Spent spent = transfer(seed, 5'000'000, 0, link, Role::ClientSpeaksFirst);
        CHECK(spent.time < 20s);
    }
}

TEST_CASE("2 MB each way at once arrive intact at 10% loss, 5% reordering and 2% duplication") {
    for (const std::uint64_t seed : seeds(100)) {
        INFO(to_run_alone(seed));
        Dice dice(seed);
        const std::uint64_t bytes = seed % 10 == 0 ? 10'000'000 : 2'000'000;
        const Role role =
            dice.chance(0.5) ? Role::ClientSpeaksFirst : Role::ClientServerSpeaksFirst;
        const Link::Config link = bad_link(dice);
        const Spent spent = transfer(seed, bytes, bytes, link, role);
        CHECK(spent.time < patience(bytes, link));
        CHECK(spent.packets_up < 2 * bytes / 1024);
        CHECK(spent.packets_down < 2 * bytes / 1024);
    }
}

TEST_CASE("copies of messages with other bytes change nothing that has arrived") {
    for (const std::uint64_t seed : seeds(5)) {
        INFO(to_run_alone(seed));
        Handler::Config server = writing(Role::Server, 300'000);
        Handler::Config client = writing(Role::ClientSpeaksFirst, 300'000);
        for (Handler::Config* handler : {&server, &client}) {
            handler->with_contradictions = true;
            handler->script.read_size = 500;
            handler->script.read_interval = 1ms;
        }
        World world(seed, {.handler = server});
        world.add_client({.handler = client}, {.loss = 0.05, .reordering = 0.1});
        CHECK(world.run_until_quiet(1h));
        check_complete(world, 0, 0);
    }
}
