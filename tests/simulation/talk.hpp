// Small conversations, whose every packet can be tried.
#pragma once

#include "tests/simulation/world.hpp"

namespace curvecp::simulation {

struct Talk {
    std::string_view name;
    messagehandler::Role role;
    Script client;
    Script server;
};

inline Script writes(std::uint64_t bytes) {
    Script script;
    script.output = bytes;
    return script;
}

inline Script answers(std::uint64_t bytes) {
    Script script = writes(bytes);
    script.output_after_input = true;
    return script;
}

inline std::vector<Talk> talks() {
    return {{"both write at once, the client first", messagehandler::Role::ClientSpeaksFirst,
             writes(3000), writes(3000)},
            {"both write at once, the server first", messagehandler::Role::ClientServerSpeaksFirst,
             writes(3000), writes(3000)},
            {"the server answers", messagehandler::Role::ClientSpeaksFirst, writes(1500),
             answers(3000)},
            {"the client answers", messagehandler::Role::ClientServerSpeaksFirst, answers(1500),
             writes(3000)},
            {"nobody writes anything", messagehandler::Role::ClientServerSpeaksFirst, {}, {}}};
}

[[nodiscard]] inline World& begin(std::optional<World>& world, const Talk& talk,
                                  std::uint64_t seed) {
    world.emplace(seed,
                  ServerHost::Config{.handler = {{messagehandler::Role::Server}, talk.server}});
    world->add_client({.handler = {{talk.role}, talk.client}});
    return *world;
}

// How many packets arrive in both directions where nothing happens to them.
[[nodiscard]] inline std::uint64_t steps_of(const Talk& talk, std::uint64_t seed = 1) {
    std::optional<World> whole;
    World& world = begin(whole, talk, seed);
    std::uint64_t steps = 0;
    world.network().set_tap([&](const Datagram&) { return ++steps != 0; });
    REQUIRE(world.run_until_quiet(std::chrono::minutes(1)));
    check_complete(world, 0, 0);
    return steps;
}

}  // namespace curvecp::simulation
