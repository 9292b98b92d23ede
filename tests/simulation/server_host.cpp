#include "tests/simulation/server_host.hpp"

#include "curvecp/core/random.hpp"
#include "tests/simulation/client_host.hpp"

#include <doctest/doctest.h>

namespace curvecp::simulation {
namespace {

constexpr std::uint64_t kNonces = 1'048'576;

Extension server_extension() {
    Extension extension;
    extension.bytes()[0] = 0x5e;
    return extension;
}

daemon::Server make_server(const KeyPair& keys, const ServerContact& contact,
                           std::size_t max_connections, TimePoint now) {
    NonceKey nonce_key;
    fill_random(nonce_key.reveal());
    LongTermNonces nonces{Locked(std::move(nonce_key))};
    nonces.add_block(0, kNonces);
    return daemon::Server(ServerIdentity{Locked(SecretKey(keys.secret_key.reveal())), *contact.name,
                                         contact.extension},
                          std::move(nonces), max_connections, now);
}

}  // namespace

ServerHost::ServerHost(EventQueue& queue, Network& network, const Config& config)
    : ServerHost(queue, network, config, make_key_pair()) {}

ServerHost::ServerHost(EventQueue& queue, Network& network, const Config& config,
                       const KeyPair& keys)
    : queue_(queue),
      network_(network),
      config_(config),
      contact_{keys.public_key, server_extension(), *parse_server_name("simulated.example")},
      server_(make_server(keys, contact_, config.max_connections, queue.now())),
      deadline_(queue, [this] { on_deadline(); }) {
    network_.attach_server([this](const Datagram& datagram) { on_datagram(datagram); });
    deadline_.set(server_.next_deadline());
}

std::size_t ServerHost::live_handlers() const {
    return static_cast<std::size_t>(
        std::count_if(connections_.begin(), connections_.end(),
                      [](const auto& connection) { return !connection->handler->gone(); }));
}

void ServerHost::freeze() {
    frozen_ = true;
    for (const auto& connection : connections_) connection->handler->freeze();
}

void ServerHost::on_datagram(const Datagram& datagram) {
    if (frozen_) return;
    std::vector<std::uint8_t> packet = datagram.bytes;
    const Path path{datagram.from, datagram.to.ip};
    auto action = server_.on_datagram(queue_.now(), path, packet);
    if (const auto* delivery = std::get_if<daemon::Server::Deliver>(&action)) {
        deliver(*delivery);
    } else if (const auto* reply = std::get_if<daemon::Server::Reply>(&action)) {
        network_.send_from_server({reply->packet.begin(), reply->packet.end()}, path.peer);
    } else if (auto* request = std::get_if<daemon::Server::Open>(&action)) {
        open(std::move(*request));
    }
    deadline_.set(server_.next_deadline());
}

void ServerHost::open(daemon::Server::Open open) {
    if (refusing_) {
        server_.on_handler_failed();
        return;
    }
    const MutableBytes frame = open.frame;
    Handler::Config handler = config_.handler;
    handler.writes = server_writes(open.initiate.client_long_term);
    handler.reads = client_writes(open.initiate.client_long_term);
    const daemon::ConnectionId id = server_.on_handler_started(std::move(open));
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->id = id;
    connections_.back()->handler = std::make_unique<Handler>(
        queue_, handler, [this, id](Bytes message) { send(id, message); },
        [this, id] { on_handler_end(id); });
    if (by_slot_.size() <= id.slot) by_slot_.resize(id.slot + 1);
    by_slot_[id.slot] = connections_.back()->handler.get();
    deliver({id, frame});
}

void ServerHost::deliver(const daemon::Server::Deliver& deliver) {
    REQUIRE(deliver.frame[0] == frame_length_byte(deliver.frame.size() - 1));
    by_slot_[deliver.connection.slot]->deliver(deliver.frame.subspan(1));
}

void ServerHost::send(daemon::ConnectionId id, Bytes message) {
    std::vector<std::uint8_t> packet(daemon::Server::packet_size(message.size()));
    REQUIRE(server_.seal_message(id, message, packet));
    network_.send_from_server(std::move(packet), server_.connection(id).path.peer);
}

void ServerHost::on_handler_end(daemon::ConnectionId id) {
    by_slot_[id.slot] = nullptr;
    server_.on_handler_end(id);
}

void ServerHost::on_deadline() {
    if (frozen_) return;
    server_.on_deadline(queue_.now());
    deadline_.set(server_.next_deadline());
}

}  // namespace curvecp::simulation
