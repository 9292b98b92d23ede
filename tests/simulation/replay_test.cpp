// What was recorded starts nothing a second time; what the server cannot take costs it nothing.
#include "tests/simulation/talk.hpp"
#include "tests/simulation/world.hpp"

#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__)
// Of the sanitizer's run-time library; gcc ships no header for it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

using namespace curvecp;
using namespace curvecp::simulation;
using namespace std::chrono_literals;
using messagehandler::Role;

namespace {

ClientHost::Config talking_client(std::uint64_t bytes = 10'000) {
    return {.handler = {{Role::ClientSpeaksFirst}, writes(bytes)}};
}

ServerHost::Config talking_server(std::size_t max_connections = 100) {
    return {.max_connections = max_connections, .handler = {{Role::Server}, writes(10'000)}};
}

bool begins_with(const Datagram& datagram, std::string_view magic) {
    return std::equal(magic.begin(), magic.end(), datagram.bytes.begin());
}

// Keeps a copy of each packet to the server.
class Recorder {
  public:
    explicit Recorder(World& world) {
        world.network().set_tap([this, &world](const Datagram& datagram) {
            if (datagram.to == world.network().server()) packets_.push_back(datagram);
            return true;
        });
    }
    [[nodiscard]] const std::vector<Datagram>& packets() const { return packets_; }

  private:
    std::vector<Datagram> packets_;
};

std::uint64_t dropped(World& world, DropReason reason) {
    return world.server().server().dropped().of(reason);
}

std::size_t memory_in_use() {
#if defined(__SANITIZE_ADDRESS__)
    return __sanitizer_get_current_allocated_bytes();
#else
    return mallinfo2().uordblks;
#endif
}

}  // namespace

TEST_CASE("everything that a client sent, sent again during the connection, starts nothing") {
    World world(1, talking_server());
    world.add_client(talking_client(300'000));
    const Recorder recorder(world);
    for (int round = 0; round < 5; ++round) {
        world.queue().run_for(30ms);
        const auto packets = recorder.packets();
        for (const Datagram& datagram : packets) world.network().inject(datagram);
    }
    CHECK(dropped(world, DropReason::Repeated) > 0);
    CHECK(world.run_until_quiet(1min));
    check_complete(world, 0, 0);
    CHECK(world.server().opened() == 1);
}

TEST_CASE("a recorded connection, sent again after its end, starts nothing at any time") {
    World world(1, talking_server());
    world.add_client(talking_client());
    const Recorder recorder(world);
    world.queue().run_for(30s);  // so that some cookies live through one change of keys
    REQUIRE(world.server().server().connections() == 0);
    REQUIRE(world.server().opened() == 1);
    const auto packets = recorder.packets();
    for (int second = 0; second < 200; ++second) {
        for (const Datagram& datagram : packets) world.network().inject(datagram);
        world.queue().run_for(1s);
        CHECK(world.server().opened() == 1);
        CHECK(world.server().server().connections() == 0);
    }
    CHECK(dropped(world, DropReason::CookieSpent) > 0);
    CHECK(dropped(world, DropReason::CookieExpired) > 0);
}

TEST_CASE("an Initiate opens a connection for as long as its cookie lives, no longer") {
    struct Try {
        Duration start;  // of the client, after the server's
        Duration delay;  // of its first Initiate
        bool opens;
    };
    for (const auto& [start, delay, opens] :
         {Try{0s, 1s, true}, Try{0s, 59s, true}, Try{50s, 59s, true}, Try{59s, 59s, true},
          Try{0s, 121s, false}, Try{59s, 121s, false}, Try{0s, 1000s, false}}) {
        CAPTURE(start.count());
        CAPTURE(delay.count());
        World world(1, talking_server());
        world.queue().run_for(start);
        world.add_client(talking_client());
        std::optional<Datagram> initiate;
        world.network().set_tap([&](const Datagram& datagram) {
            if (!begins_with(datagram, "QvnQ5XlI")) return true;
            if (!initiate) initiate = datagram;
            return false;
        });
        REQUIRE(
            world.queue().run_until(TimePoint{start + 1s}, [&] { return initiate.has_value(); }));
        world.queue().run_for(delay);
        world.network().inject(*initiate);
        CHECK(world.server().opened() == (opens ? 1 : 0));
        CHECK(dropped(world, DropReason::CookieExpired) == (opens ? 0 : 1));
    }
}

TEST_CASE("a client in front of a full server gets in with the same cookie once there is room") {
    World world(1, talking_server(2));
    ClientHost::Config staying = talking_client();
    staying.handler.script.end_delay = 20s;
    world.add_client(staying);
    world.add_client(staying);
    world.queue().run_for(1s);
    REQUIRE(world.server().server().connections() == 2);
    world.add_client(talking_client());
    world.queue().run_for(10s);
    CHECK(world.server().opened() == 2);
    CHECK(dropped(world, DropReason::ServerFull) > 0);
    CHECK(world.run_until_quiet(5min));
    CHECK(world.server().opened() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(world.client(i).done());
    CHECK(dropped(world, DropReason::CookieSpent) == 0);
}

TEST_CASE("a client gives up a server that stays full, and the others notice nothing") {
    World world(1, talking_server(1));
    ClientHost::Config staying = talking_client(2'000'000);
    staying.handler.script.end_delay = 200s;
    world.add_client(staying);
    world.queue().run_for(1s);
    world.add_client(talking_client());
    CHECK(world.queue().run_until(TimePoint{120s}, [&] { return world.client(1).gone(); }));
    CHECK(world.client(1).handler()->result() == Handler::Result::PeerVanished);
    CHECK(world.server().server().connections() == 1);
    CHECK(world.run_until_quiet(10min));
    check_complete(world, 0, 0);
}

TEST_CASE("a cookie is not spent where no handler could be started") {
    World world(1, talking_server());
    world.server().refuse_handlers(true);
    world.add_client(talking_client());
    world.queue().run_for(10s);
    CHECK(world.server().opened() == 0);
    CHECK(dropped(world, DropReason::HandlerNotStarted) > 0);
    world.server().refuse_handlers(false);
    CHECK(world.run_until_quiet(5min));
    check_complete(world, 0, 0);
    CHECK(dropped(world, DropReason::CookieSpent) == 0);
}

TEST_CASE("a flood of Hellos is answered and leaves nothing behind") {
    World world(1, talking_server());
    // Hellos of many clients, from many addresses.
    std::vector<Datagram> hellos;
    for (std::uint16_t i = 0; i < 200; ++i) {
        auto greeting = ClientGreeting::start(world.server().contact());
        REQUIRE(greeting);
        Datagram datagram{some_other_address(i), world.network().server(), {}};
        datagram.bytes.resize(Hello::kSize);
        greeting->write_hello(Extension(),
                              Hello{MutableBytes(datagram.bytes).first<Hello::kSize>()});
        hellos.push_back(std::move(datagram));
    }
    world.network().inject(hellos[0]);
    const std::size_t before = memory_in_use();
    for (int round = 0; round < 20; ++round) {
        for (const Datagram& hello : hellos) world.network().inject(hello);
    }
    CHECK(memory_in_use() == before);
    CHECK(world.network().stray() == 4001);  // every one was answered
    CHECK(world.server().server().connections() == 0);
    CHECK(world.server().opened() == 0);

    world.add_client(talking_client());
    CHECK(world.run_until_quiet(1min));
    CHECK(world.client().done());
}

TEST_CASE("many clients at once, on a bad network, get their bytes and nobody else's") {
    World world(1, talking_server(60));
    Dice dice(1);
    for (std::size_t i = 0; i < 60; ++i) {
        Link::Config link;
        link.delay = std::chrono::milliseconds(dice.between(1, 100));
        link.loss = 0.05;
        link.reordering = 0.05;
        world.add_client(talking_client(dice.below(50'000)), link);
        world.queue().run_for(std::chrono::milliseconds(dice.below(50)));
    }
    CHECK(world.run_until_quiet(10min));
    CHECK(world.server().opened() == 60);
    for (std::size_t i = 0; i < 60; ++i) {
        CAPTURE(i);
        CHECK(world.client(i).done());
        CHECK(world.client(i).handler()->program().intact());
        CHECK(world.server().handler(i).program().intact());
        CHECK(world.client(i).handler()->program().read() == 10'000);
    }
}

TEST_CASE("a client finds the one of eight addresses that answers") {
    for (const std::uint64_t seed : seeds(10)) {
        INFO(to_run_alone(seed));
        World world(seed, talking_server());
        ClientHost::Config config = talking_client();
        config.dead_addresses = 7;
        world.add_client(config);
        CHECK(world.run_until_quiet(1min));
        check_complete(world, 0, 0);
    }
}
