#include "tests/simulation/world.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace curvecp::simulation {
namespace {

Address address_in(std::uint8_t network, std::size_t host, std::uint16_t port) {
    return {
        IpAddress::v4(std::array<std::uint8_t, 4>{
            10, network, static_cast<std::uint8_t>(host >> 8U), static_cast<std::uint8_t>(host)}),
        port};
}

}  // namespace

Address address_of_client(std::size_t number) {
    return address_in(1, number, 40'000);
}

Address some_other_address(std::uint16_t port) {
    return address_in(66, 6, port);
}

World::World(std::uint64_t seed, const ServerHost::Config& server)
    : seed_(seed),
      random_(seed),
      network_(queue_, address_in(0, 1, 9'000)),
      server_(queue_, network_, server) {}

std::size_t World::add_client(const ClientHost::Config& config, const Link::Config& link) {
    const std::size_t number = clients_.size();
    network_.add_client(
        link, seed_ * 1000 + number, address_of_client(number),
        [this, number](const Datagram& datagram) { clients_[number]->on_datagram(datagram); });
    clients_.push_back(
        std::make_unique<ClientHost>(queue_, network_, number, server_.contact(), config));
    return number;
}

bool World::run_until_quiet(Duration limit) {
    return queue_.run_until(queue_.now() + limit, [this] {
        return server_.server().connections() == 0 && server_.live_handlers() == 0 &&
               std::all_of(clients_.begin(), clients_.end(),
                           [](const auto& client) { return client->gone(); });
    });
}

void check_intact(World& world, std::size_t client, std::size_t connection) {
    const Handler* const ours = world.client(client).handler();
    REQUIRE(ours != nullptr);
    REQUIRE(connection < world.server().opened());
    const Handler& theirs = world.server().handler(connection);
    for (const auto& [reader, writer] : {std::pair{ours, &theirs}, std::pair{&theirs, ours}}) {
        CHECK(reader->program().intact());
        CHECK(reader->program().read() == writer->program().written());
        CHECK(reader->program().done());
    }
}

void check_complete(World& world, std::size_t client, std::size_t connection) {
    check_intact(world, client, connection);
    CHECK(world.client(client).done());
    CHECK(world.server().handler(connection).result() == Handler::Result::Done);
}

std::vector<std::uint64_t> seeds(std::uint64_t count) {
    std::vector<std::uint64_t> all;
    if (const char* const text = std::getenv("SIMULATION_SEED")) {
        std::uint64_t only = 0;
        std::from_chars(text, text + std::strlen(text), only);
        return {only};
    }
    for (std::uint64_t seed = 1; seed <= count; ++seed) all.push_back(seed);
    return all;
}

std::string to_run_alone(std::uint64_t seed) {
    return "run alone: SIMULATION_SEED=" + std::to_string(seed) + " simulation -tc='" +
           doctest::getContextOptions()->currentTest->m_name + "'";
}

}  // namespace curvecp::simulation
