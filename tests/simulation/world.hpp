// Everything of one simulated case: clock, network, a server and its clients, all from one seed.
#pragma once

#include "tests/simulation/client_host.hpp"
#include "tests/simulation/server_host.hpp"
#include "tests/support/seeded_random.hpp"

#include <doctest/doctest.h>

namespace curvecp::simulation {

[[nodiscard]] Address address_of_client(std::size_t number);
[[nodiscard]] Address some_other_address(std::uint16_t port = 7);

class World {
  public:
    explicit World(std::uint64_t seed, const ServerHost::Config& server = {});

    // Returns its number, from 0.
    std::size_t add_client(const ClientHost::Config& config, const Link::Config& link = {});

    EventQueue& queue() { return queue_; }
    Network& network() { return network_; }
    ServerHost& server() { return server_; }
    ClientHost& client(std::size_t number = 0) { return *clients_[number]; }

    // Until all clients and handlers are gone and the server has no connection left; false where
    // that takes longer.
    bool run_until_quiet(Duration limit);

  private:
    std::uint64_t seed_;
    testing::SeededRandom random_;
    EventQueue queue_;
    Network network_;
    ServerHost server_;
    std::vector<std::unique_ptr<ClientHost>> clients_;
};

// That a connection moved all bytes and both ends in both directions.
void check_intact(World& world, std::size_t client, std::size_t connection);
// That both sides know it, too.
void check_complete(World& world, std::size_t client, std::size_t connection);

// The seeds of a case: all of 1..count, or the one in the environment's SIMULATION_SEED.
[[nodiscard]] std::vector<std::uint64_t> seeds(std::uint64_t count);

// How to run a seed of the present case alone.
[[nodiscard]] std::string to_run_alone(std::uint64_t seed);

}  // namespace curvecp::simulation
