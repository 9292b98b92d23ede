// Small conversations in which something happens at every single packet.
#include "tests/simulation/talk.hpp"

using namespace curvecp;
using namespace curvecp::simulation;
using namespace std::chrono_literals;

namespace {

// Runs a conversation; `happens` is told the number of each packet that arrives, from 0, and says
// whether it may.
template <class Happens>
void check_with(const Talk& talk, Happens happens) {
    std::optional<World> storage;
    World& world = begin(storage, talk, 1);
    std::uint64_t steps = 0;
    world.network().set_tap(
        [&](const Datagram& datagram) { return happens(world, datagram, steps++); });
    CHECK(world.run_until_quiet(1min));
    check_complete(world, 0, 0);
    CHECK(world.server().opened() == 1);
}

}  // namespace

TEST_CASE("a conversation completes whichever packet is lost") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        for (std::uint64_t lost = 0; lost < steps; ++lost) {
            CAPTURE(lost);
            check_with(talk,
                       [&](World&, const Datagram&, std::uint64_t step) { return step != lost; });
        }
    }
}

TEST_CASE("a conversation completes whichever two packets are lost") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk) + 2;
        for (std::uint64_t lost = 0; lost < steps; ++lost) {
            for (std::uint64_t lost_too = lost + 1; lost_too < steps; ++lost_too) {
                CAPTURE(lost);
                CAPTURE(lost_too);
                check_with(talk, [&](World&, const Datagram&, std::uint64_t step) {
                    return step != lost && step != lost_too;
                });
            }
        }
    }
}

TEST_CASE("a conversation completes whichever packet comes twice, at once or later") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        for (std::uint64_t twice = 0; twice < steps; ++twice) {
            for (const Duration later : {Duration(0), Duration(25ms), Duration(300ms)}) {
                CAPTURE(twice);
                check_with(talk, [&](World& world, const Datagram& datagram, std::uint64_t step) {
                    if (step == twice) {
                        world.queue().at(world.queue().now() + later,
                                         [&world, datagram] { world.network().inject(datagram); });
                    }
                    return true;
                });
            }
        }
    }
}

TEST_CASE("a conversation completes whichever packet comes late") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        for (std::uint64_t late = 0; late < steps; ++late) {
            for (const Duration delay : {Duration(1ms), Duration(30ms), Duration(1s)}) {
                CAPTURE(late);
                check_with(talk, [&](World& world, const Datagram& datagram, std::uint64_t step) {
                    if (step != late) return true;
                    world.queue().at(world.queue().now() + delay,
                                     [&world, datagram] { world.network().inject(datagram); });
                    return false;
                });
            }
        }
    }
}

TEST_CASE("a conversation completes at whichever packet the client's address changes") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        for (std::uint64_t moved = 0; moved < steps; ++moved) {
            CAPTURE(moved);
            check_with(talk, [&](World& world, const Datagram&, std::uint64_t step) {
                if (step == moved) world.network().move_client(0, some_other_address());
                return true;
            });
        }
    }
}

// Who has heard that its end arrived leaves; the other, which has everything too, cannot be told
// during an outage, and gives up in the end.
TEST_CASE("all bytes arrive through an outage of 40 s, at whichever packet it begins") {
    for (const Talk& talk : talks()) {
        CAPTURE(talk.name);
        const std::uint64_t steps = steps_of(talk);
        for (std::uint64_t first = 3; first < steps; ++first) {  // a client asks for 30 s at least
            CAPTURE(first);
            std::optional<World> storage;
            World& world = begin(storage, talk, 1);
            std::uint64_t step = 0;
            std::optional<TimePoint> outage;
            world.network().set_tap([&](const Datagram&) {
                if (step++ == first) outage = world.queue().now();
                return !outage || world.queue().now() > *outage + 40s;
            });
            CHECK(world.run_until_quiet(2min));
            check_intact(world, 0, 0);
        }
    }
}
