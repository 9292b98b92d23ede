// Either side may vanish at any moment: nothing of the connection stays on the other.
#include "tests/simulation/talk.hpp"

using namespace curvecp;
using namespace curvecp::simulation;
using namespace std::chrono_literals;

namespace {

enum class Side : std::uint8_t { Client, Server };

// How long the side that is left may need: eight Hellos, or the time-out after the longest quiet.
constexpr Duration kPatience = 150s;

class Case {
  public:
    explicit Case(const Talk& talk) : world_(begin(storage_, talk, 1)) {}
    World& world() { return world_; }

    // Before this packet arrives, counted from 0 over both directions, the side vanishes.
    void vanish(Side side, std::uint64_t step) {
        world_.network().set_tap([this, side, step](const Datagram& datagram) {
            if (steps_++ == step) vanish_now(side);
            const bool from_server = datagram.from == world_.network().server();
            return !vanished_ || from_server != (side == Side::Server);
        });
        if (step == 0 && side == Side::Server) vanish_now(side);
    }

  private:
    void vanish_now(Side side) {
        vanished_ = true;
        if (side == Side::Server) {
            world_.server().freeze();
        } else {
            world_.client().freeze();
        }
    }

    std::optional<World> storage_;
    World& world_;
    std::uint64_t steps_ = 0;
    bool vanished_ = false;
};

// Whoever is left saw a failure, unless it had all that it wanted before.
void check_end_of(const Handler& handler) {
    CHECK(handler.result() != Handler::Result::Running);
    if (!handler.program().done()) CHECK(handler.result() == Handler::Result::PeerVanished);
}

}  // namespace

TEST_CASE("a client that vanishes at any step leaves nothing on the server") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        CHECK(steps > 8);
        for (std::uint64_t step = 0; step <= steps; ++step) {
            CAPTURE(step);
            Case vanishing(talk);
            vanishing.vanish(Side::Client, step);
            World& world = vanishing.world();
            world.queue().run_for(kPatience);
            CHECK(world.server().server().connections() == 0);
            CHECK(world.server().live_handlers() == 0);
            if (world.server().opened() > 0) check_end_of(world.server().handler(0));
        }
    }
}

TEST_CASE("a server that vanishes at any step leaves no client behind") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        for (std::uint64_t step = 0; step <= steps; ++step) {
            CAPTURE(step);
            Case vanishing(talk);
            vanishing.vanish(Side::Server, step);
            World& world = vanishing.world();
            world.queue().run_for(kPatience);
            CHECK(world.client().gone());
            if (const Handler* handler = world.client().handler()) check_end_of(*handler);
        }
    }
}

TEST_CASE("where no server is, the client gives up within a minute") {
    World world(1);
    world.add_client({});
    world.server().freeze();
    CHECK(world.queue().run_until(TimePoint{60s}, [&] { return world.client().gone(); }));
    CHECK(world.client().state() == ClientHost::State::GaveUp);
    CHECK(world.network().upward(0).sent() == 8);
}

TEST_CASE("a client that never says anything after its Hello is not even noticed") {
    World world(1);
    world.add_client({});
    world.queue().run_until(TimePoint{1s}, [&] { return world.client().handler() != nullptr; });
    world.client().freeze();
    world.queue().run_for(60s);
    CHECK(world.server().opened() == 0);
    CHECK(world.server().server().connections() == 0);
}
