// Programs may take their time: nothing is lost, and nobody gives up.
#include "tests/simulation/world.hpp"

using namespace curvecp;
using namespace curvecp::simulation;
using namespace std::chrono_literals;
using messagehandler::Role;

namespace {

constexpr std::uint64_t kBytes = 1'000'000;

Script pausing_at(std::uint64_t bytes) {
    Script script;
    script.output = kBytes;
    script.pause_at = bytes;
    script.pause = 90s;
    return script;
}

// Returns how long it took.
Duration run(std::uint64_t seed, const Script& client, const Script& server, Role role,
             const Link::Config& link = {}, std::size_t pipe_size = 65'536) {
    World world(seed,
                {.handler = {.streams = {Role::Server}, .script = server, .pipe_size = pipe_size}});
    world.add_client({.handler = {.streams = {role}, .script = client, .pipe_size = pipe_size}},
                     link);
    CHECK(world.run_until_quiet(1h));
    check_complete(world, 0, 0);
    return world.queue().now() - TimePoint{};
}

Script plain() {
    Script script;
    script.output = kBytes;
    return script;
}

}  // namespace

TEST_CASE("a program that pauses for 90 s on either side loses nothing, and nobody gives up") {
    for (const Role role : {Role::ClientSpeaksFirst, Role::ClientServerSpeaksFirst}) {
        for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100'000},
                                       kBytes, kBytes + 400'000, 2 * kBytes - 1, 2 * kBytes}) {
            CAPTURE(at);
            for (const std::uint64_t seed : seeds(3)) {
                INFO(to_run_alone(seed));
                Link::Config link;
                if (seed > 1) link.loss = 0.05;
                // Soon after the pause all goes on: nobody has backed off for long.
                const Duration patience = seed > 1 ? 150s : 92s;
                CHECK(run(seed, pausing_at(at), plain(), role, link) < patience);
                CHECK(run(seed, plain(), pausing_at(at), role, link) < patience);
                CHECK(run(seed, pausing_at(at), pausing_at(at), role, link) < patience);
            }
        }
    }
}

TEST_CASE("a connection on which nobody says anything for an hour goes on afterwards") {
    Script silent = plain();
    silent.pause_at = kBytes / 2;
    silent.pause = 60min;
    for (const Role role : {Role::ClientSpeaksFirst, Role::ClientServerSpeaksFirst}) {
        World world(1, {.handler = {{Role::Server}, silent}});
        world.add_client({.handler = {{role}, silent}});
        CHECK(world.run_until_quiet(3h));
        check_complete(world, 0, 0);
    }
}

TEST_CASE("a program that leaves its output open for 90 s ends as well as another") {
    Script late = plain();
    late.end_delay = 90s;
    run(1, late, plain(), Role::ClientSpeaksFirst);
    run(1, plain(), late, Role::ClientSpeaksFirst);
    run(1, late, late, Role::ClientServerSpeaksFirst);
}

TEST_CASE("a program that reads slowly gets every byte, on a good network and on a bad one") {
    Script slow = plain();
    slow.read_size = 1000;
    slow.read_interval = 20ms;
    for (const std::uint64_t seed : seeds(5)) {
        INFO(to_run_alone(seed));
        Link::Config link;
        if (seed > 1) {
            link.loss = 0.05;
            link.reordering = 0.05;
        }
        // It never waits for its peer, which learns of the room in its buffer in time.
        const Duration patience = kBytes / slow.read_size * slow.read_interval * 5 / 4;
        CHECK(run(seed, slow, plain(), Role::ClientSpeaksFirst, link) < patience);
        CHECK(run(seed, plain(), slow, Role::ClientSpeaksFirst, link) < patience);
        CHECK(run(seed, slow, slow, Role::ClientServerSpeaksFirst, link) < patience);
    }
}

TEST_CASE("a pipe to a handler that is often full loses messages, but no byte") {
    for (const std::size_t pipe_size : {4'096U, 1'200U}) {
        CAPTURE(pipe_size);
        World world(1, {.handler = {.streams = {Role::Server},
                                    .script = plain(),
                                    .pipe_size = pipe_size,
                                    .latency = 5ms}});
        world.add_client({.handler = {.streams = {Role::ClientSpeaksFirst},
                                      .script = plain(),
                                      .pipe_size = pipe_size,
                                      .latency = 5ms}});
        CHECK(world.run_until_quiet(1h));
        check_complete(world, 0, 0);
        CHECK(world.server().handler(0).dropped() > 0);
        CHECK(world.client().handler()->dropped() > 0);
    }
}

TEST_CASE("an end in failure arrives as a failure, behind all that was written") {
    Script failing = plain();
    failing.ending = messagehandler::Ending::Failure;
    for (const std::uint64_t seed : seeds(20)) {
        INFO(to_run_alone(seed));
        World world(seed, {.handler = {{Role::Server}, failing}});
        world.add_client({.handler = {{Role::ClientSpeaksFirst}, plain()}}, {.loss = 0.1});
        CHECK(world.run_until_quiet(1h));
        // Nobody is there for what the client has left: it may leave before all of it has arrived.
        const auto& program = world.client().handler()->program();
        CHECK(program.read() == kBytes);
        CHECK(program.intact());
        CHECK(program.input_ending() == messagehandler::Ending::Failure);
        CHECK(world.client().done());
        CHECK(world.server().handler(0).program().intact());
    }
}

TEST_CASE("what a program wrote arrives although it exited, and its peer is told") {
    Script leaving = plain();
    leaving.leaves_after_output = true;
    Script staying = plain();
    staying.end_delay = 5min;
    for (const std::uint64_t seed : seeds(3)) {
        INFO(to_run_alone(seed));
        const double loss = seed == 1 ? 0 : 0.1;
        SUBCASE("on the server") {
            World world(seed, {.handler = {{Role::Server}, leaving}});
            world.add_client({.handler = {{Role::ClientSpeaksFirst}, staying}}, {.loss = loss});
            CHECK(world.queue().run_until(TimePoint{2min}, [&] {
                return world.server().opened() == 1 && world.server().server().connections() == 0;
            }));
            CHECK(world.queue().run_until(TimePoint{10min}, [&] {
                return world.client().state() == ClientHost::State::Ended;
            }));
            CHECK(world.client().handler()->program().read() == kBytes);
            CHECK(world.client().handler()->program().intact());
            CHECK(world.client().handler()->program().input_ending().has_value());
        }
        SUBCASE("on the client") {
            World world(seed, {.handler = {{Role::Server}, staying}});
            world.add_client({.handler = {{Role::ClientSpeaksFirst}, leaving}}, {.loss = loss});
            CHECK(world.queue().run_until(TimePoint{10min}, [&] {
                return world.server().opened() == 1 && world.server().server().connections() == 0;
            }));
            CHECK(world.server().handler(0).program().read() == kBytes);
            CHECK(world.server().handler(0).program().intact());
        }
    }
}
