// One server and its clients, each client behind a path of its own with two directions. Tests may
// listen, stop packets, and put packets of their own in.
#pragma once

#include "tests/simulation/link.hpp"

#include <memory>

namespace curvecp::simulation {

class Network {
  public:
    using Receive = std::function<void(const Datagram&)>;
    // False where the packet is not to arrive. It is asked at the far end of a link.
    using Tap = std::function<bool(const Datagram&)>;

    Network(EventQueue& queue, const Address& server) : queue_(queue), server_(server) {}

    void attach_server(Receive receive) { to_server_ = std::move(receive); }
    // The path of the client with the next number, from 0; both directions have `config`.
    void add_client(const Link::Config& config, std::uint64_t seed, const Address& address,
                    Receive receive);
    // From now on packets to the client's former address get lost, those under way too.
    void move_client(std::size_t client, const Address& address);
    void set_tap(Tap tap) { tap_ = std::move(tap); }

    void send_from_client(std::size_t client, std::vector<std::uint8_t> packet, const Address& to);
    // To the client that has, or had, the address.
    void send_from_server(std::vector<std::uint8_t> packet, const Address& to);
    // Arrives at once, past link and tap.
    void inject(const Datagram& datagram);

    [[nodiscard]] Link& upward(std::size_t client) { return clients_[client]->up; }
    [[nodiscard]] Link& downward(std::size_t client) { return clients_[client]->down; }
    [[nodiscard]] const Address& server() const { return server_; }
    [[nodiscard]] const Address& client(std::size_t client) const {
        return clients_[client]->address;
    }
    // Packets of the server's to addresses that nobody ever had.
    [[nodiscard]] std::uint64_t stray() const { return stray_; }

  private:
    struct Client {
        Client(EventQueue& queue, const Link::Config& config, std::uint64_t seed, Network& network)
            : up(queue, config, 2 * seed, [&](const Datagram& d) { network.arrive(d); }),
              down(queue, config, 2 * seed + 1, [&](const Datagram& d) { network.arrive(d); }) {}
        Link up;
        Link down;
        Address address;
        std::vector<Address> had;
        Receive receive;
    };

    void arrive(const Datagram& datagram);
    [[nodiscard]] Client* owner(const Address& address);

    EventQueue& queue_;
    Address server_;
    Receive to_server_;
    Tap tap_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::uint64_t stray_ = 0;
};

}  // namespace curvecp::simulation
