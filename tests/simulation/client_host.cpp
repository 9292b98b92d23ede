#include "tests/simulation/client_host.hpp"

#include "curvecp/core/endian.hpp"
#include "curvecp/core/random.hpp"

#include <doctest/doctest.h>

namespace curvecp::simulation {
namespace {

std::vector<Address> addresses(const Network& network, std::size_t dead) {
    std::vector<Address> all{network.server()};
    for (std::size_t i = 0; i < dead; ++i) {
        all.push_back(network.server());
        all.back().ip.bytes[13] = static_cast<std::uint8_t>(200 + i);
    }
    return all;
}

client::Setup make_setup(const Network& network, const ServerContact& server,
                         const ClientHost::Config& config, const KeyPair& keys) {
    NonceKey nonce_key;
    fill_random(nonce_key.reveal());
    LongTermNonces nonces{Locked(std::move(nonce_key))};
    nonces.add_block(0, 1);
    return {.identity = {keys.public_key, Locked(SecretKey(keys.secret_key.reveal()))},
            .nonces = std::move(nonces),
            .server = server,
            .addresses = addresses(network, config.dead_addresses),
            .extension = config.extension};
}

}  // namespace

std::uint64_t client_writes(const PublicKey& client_long_term) {
    return load_le<std::uint32_t>(client_long_term.bytes().first<4>());
}

std::uint64_t server_writes(const PublicKey& client_long_term) {
    return load_le<std::uint32_t>(client_long_term.bytes().last<4>());
}

ClientHost::ClientHost(EventQueue& queue, Network& network, std::size_t number,
                       const ServerContact& server, const Config& config)
    : ClientHost(queue, network, number, server, config, make_key_pair()) {}

ClientHost::ClientHost(EventQueue& queue, Network& network, std::size_t number,
                       const ServerContact& server, const Config& config, const KeyPair& keys)
    : queue_(queue),
      network_(network),
      number_(number),
      config_(config),
      client_(queue.now(), make_setup(network, server, config, keys)),
      deadline_(queue, [this] { ask(); }) {
    config_.handler.writes = client_writes(keys.public_key);
    config_.handler.reads = server_writes(keys.public_key);
    deadline_.set(queue.now());
}

void ClientHost::ask() {
    if (frozen_ || state_ != State::Asking) return;
    if (const auto hello = client_.next_hello(queue_.now())) {
        network_.send_from_client(number_, {hello->bytes.begin(), hello->bytes.end()}, hello->to);
    }
    if (client_.gave_up(queue_.now())) {
        state_ = State::GaveUp;
    } else {
        deadline_.set(client_.next_deadline());
    }
}

void ClientHost::on_datagram(const Datagram& datagram) {
    if (frozen_ || state_ == State::GaveUp || state_ == State::Ended) return;
    std::vector<std::uint8_t> packet = datagram.bytes;
    const client::Action action = client_.on_datagram(datagram.from, packet);
    if (const auto* deliver = std::get_if<client::Deliver>(&action)) {
        REQUIRE(deliver->frame[0] == frame_length_byte(deliver->frame.size() - 1));
        handler_->deliver(deliver->frame.subspan(1));
    } else if (std::holds_alternative<client::StartHandler>(action)) {
        start_handler();
    }
}

void ClientHost::start_handler() {
    state_ = State::Connected;
    deadline_.set(std::nullopt);
    handler_ = std::make_unique<Handler>(
        queue_, config_.handler, [this](Bytes message) { send(message); },
        [this] { state_ = State::Ended; });
}

void ClientHost::send(Bytes message) {
    const auto size = client_.packet_size(message.size());
    REQUIRE(size.has_value());  // a handler of ours writes nothing too large for an Initiate
    std::vector<std::uint8_t> packet(*size);
    REQUIRE(client_.seal_message(message, packet));
    network_.send_from_client(number_, std::move(packet), client_.server());
}

void ClientHost::freeze() {
    frozen_ = true;
    if (handler_) handler_->freeze();
}

}  // namespace curvecp::simulation
