// The client's address changes: answers follow whoever proves to be the client, nobody else.
#include "tests/simulation/talk.hpp"
#include "tests/simulation/world.hpp"

using namespace curvecp;
using namespace curvecp::simulation;
using namespace std::chrono_literals;
using messagehandler::Role;

namespace {

constexpr std::uint64_t kMovedBytes = 1'000'000;

Address moved_to(std::uint64_t times) {
    Address address = address_of_client(0);
    address.port = static_cast<std::uint16_t>(address.port + times);
    return address;
}

// Moves the client whenever this many more bytes have been read by both programs.
void run_moving(std::uint64_t seed, const Script& client, const Script& server, Role role,
                std::uint64_t every, const Link::Config& link) {
    World world(seed, {.handler = {{Role::Server}, server}});
    world.add_client({.handler = {{role}, client}}, link);
    std::uint64_t moves = 0;
    const auto read = [&]() -> std::uint64_t {
        const Handler* const handler = world.client().handler();
        if (handler == nullptr || world.server().opened() == 0) return 0;
        return handler->program().read() + world.server().handler(0).program().read();
    };
    while (world.queue().run_until(world.queue().now() + 10min,
                                   [&] { return read() >= (moves + 1) * every; })) {
        world.network().move_client(0, moved_to(++moves));
    }
    CHECK(world.run_until_quiet(1h));
    CHECK(moves > 0);
    check_complete(world, 0, 0);
    CHECK(world.server().opened() == 1);
}

}  // namespace

TEST_CASE("a client whose address changes in mid-transfer loses nothing, in either direction") {
    for (const Role role : {Role::ClientSpeaksFirst, Role::ClientServerSpeaksFirst}) {
        for (const std::uint64_t seed : seeds(10)) {
            INFO(to_run_alone(seed));
            Link::Config link;
            if (seed > 5) link.loss = 0.05;
            const std::uint64_t every = 100'000 + 17'000 * seed;
            run_moving(seed, writes(kMovedBytes), {}, role, every, link);
            run_moving(seed, {}, writes(kMovedBytes), role, every, link);
            run_moving(seed, writes(kMovedBytes), writes(kMovedBytes), role, every, link);
        }
    }
}

TEST_CASE("a client that only listens, with its own output open, is found after it moved") {
    Script listening;
    listening.end_delay = 10min;
    for (const std::uint64_t seed : seeds(5)) {
        INFO(to_run_alone(seed));
        run_moving(seed, listening, writes(kMovedBytes), Role::ClientServerSpeaksFirst,
                   100'000 + 7'000 * seed, {});
    }
}

TEST_CASE("a client that moved in silence is heard when it speaks again") {
    Script pausing = writes(kMovedBytes);
    pausing.pause_at = kMovedBytes / 2;
    pausing.pause = 90s;
    World world(1, {.handler = {{Role::Server}, writes(1000)}});
    world.add_client({.handler = {{Role::ClientSpeaksFirst}, pausing}});
    world.queue().run_for(30s);
    world.network().move_client(0, moved_to(1));
    CHECK(world.run_until_quiet(1h));
    check_complete(world, 0, 0);
}

TEST_CASE("replayed, late and forged packets from another address move nothing") {
    World world(1, {.handler = {{Role::Server}, writes(kMovedBytes)}});
    world.add_client({.handler = {{Role::ClientSpeaksFirst}, writes(kMovedBytes)}});
    Network& network = world.network();
    std::vector<Datagram> withheld;
    Dice dice(1);
    std::uint64_t injected = 0;
    const auto inject_from_elsewhere = [&](Datagram datagram) {
        datagram.from = some_other_address();
        ++injected;
        network.inject(datagram);
        for (std::size_t i = 0; i < world.server().opened(); ++i) {
            if (world.server().handler(i).result() != Handler::Result::Running) continue;
            const auto& connection = world.server().server().connection(world.server().id(i));
            CHECK(connection.path.peer == address_of_client(0));
        }
    };
    network.set_tap([&](const Datagram& datagram) {
        if (datagram.to != network.server()) return true;
        if (world.server().opened() > 0 &&
            dice.chance(0.05)) {  // it comes late, and from elsewhere
            withheld.push_back(datagram);
            return false;
        }
        network.inject(datagram);
        if (world.server().opened() == 0) return false;
        inject_from_elsewhere(datagram);  // replayed
        Datagram forged = datagram;
        forged.bytes[72 + dice.below(8)] ^= 0x40;  // a newer nonce perhaps
        inject_from_elsewhere(forged);
        forged = datagram;
        forged.bytes[dice.below(forged.bytes.size())] ^= 1;
        if (!std::equal(forged.bytes.begin(), forged.bytes.begin() + 40, datagram.bytes.begin())) {
            return false;  // the bit was outside of the box
        }
        inject_from_elsewhere(forged);
        if (withheld.size() > 1) {
            inject_from_elsewhere(withheld.front());
            withheld.erase(withheld.begin());
        }
        return false;
    });
    CHECK(world.run_until_quiet(1h));
    check_complete(world, 0, 0);
    CHECK(injected > 1000);
    CHECK(network.stray() == 0);
    CHECK(world.server().opened() == 1);
}

namespace {

// A world with a transfer that is half through.
World& begin_and_wait(std::optional<World>& storage) {
    World& world =
        storage.emplace(1, ServerHost::Config{.handler = {{Role::Server}, writes(kMovedBytes)}});
    world.add_client({.handler = {{Role::ClientSpeaksFirst}, writes(kMovedBytes)}});
    REQUIRE(world.queue().run_until(TimePoint{1min}, [&] {
        return world.client().handler() != nullptr &&
               world.client().handler()->program().read() > kMovedBytes / 2;
    }));
    return world;
}

}  // namespace

TEST_CASE("packets from another address than the server's mean nothing to the client") {
    std::optional<World> storage;
    World& world = begin_and_wait(storage);
    Network& network = world.network();
    bool elsewhere = true;
    network.set_tap([&](const Datagram& datagram) {
        if (datagram.from != network.server() || !elsewhere) return true;
        Datagram moved = datagram;
        moved.from = some_other_address();
        network.inject(moved);
        return false;
    });
    world.queue().run_for(1ms);  // what was read from the pipe before
    const std::uint64_t read = world.client().handler()->program().read();
    world.queue().run_for(10s);
    CHECK(world.client().handler()->program().read() == read);
    elsewhere = false;
    CHECK(world.run_until_quiet(1h));
    check_complete(world, 0, 0);
}

TEST_CASE("answers go to the client's newest extension, and its former one still counts") {
    std::optional<World> storage;
    World& world = begin_and_wait(storage);
    Network& network = world.network();
    Extension extension;
    extension.bytes()[3] = 9;
    world.client().set_extension(extension);
    // The server cannot know yet.
    network.set_tap([&](const Datagram& datagram) { return datagram.from == network.server(); });
    const std::uint64_t read = world.client().handler()->program().read();
    world.queue().run_for(15ms);
    CHECK(world.client().handler()->program().read() > read + 10'000);

    network.set_tap({});
    world.queue().run_for(30ms);
    REQUIRE(world.server().server().connections() == 1);
    CHECK(world.server().server().connection(world.server().id(0)).client_extension == extension);
    CHECK(world.run_until_quiet(1h));
    check_complete(world, 0, 0);
}
