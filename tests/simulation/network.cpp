#include "tests/simulation/network.hpp"

#include <algorithm>

namespace curvecp::simulation {

void Network::add_client(const Link::Config& config, std::uint64_t seed, const Address& address,
                         Receive receive) {
    clients_.push_back(std::make_unique<Client>(queue_, config, seed, *this));
    clients_.back()->receive = std::move(receive);
    move_client(clients_.size() - 1, address);
}

void Network::move_client(std::size_t client, const Address& address) {
    clients_[client]->address = address;
    clients_[client]->had.push_back(address);
}

void Network::send_from_client(std::size_t client, std::vector<std::uint8_t> packet,
                               const Address& to) {
    clients_[client]->up.send({clients_[client]->address, to, std::move(packet)});
}

void Network::send_from_server(std::vector<std::uint8_t> packet, const Address& to) {
    if (Client* const client = owner(to)) {
        client->down.send({server_, to, std::move(packet)});
    } else {
        ++stray_;
    }
}

void Network::arrive(const Datagram& datagram) {
    if (!tap_ || tap_(datagram)) inject(datagram);
}

void Network::inject(const Datagram& datagram) {
    if (datagram.to == server_) return to_server_(datagram);
    Client* const client = owner(datagram.to);
    if (client != nullptr && client->address == datagram.to) client->receive(datagram);
}

Network::Client* Network::owner(const Address& address) {
    for (const auto& client : clients_) {
        if (std::find(client->had.begin(), client->had.end(), address) != client->had.end()) {
            return client.get();
        }
    }
    return nullptr;
}

}  // namespace curvecp::simulation
