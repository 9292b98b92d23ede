#include "bench/transport/flow.hpp"

#include "messagehandler/message.hpp"

namespace curvecp::bench {

using namespace std::chrono_literals;
using messagehandler::Role;
using simulation::Datagram;
using simulation::Handler;
using simulation::Link;

namespace {

// What programs take to start, on each side: 5 ms in all.
constexpr Duration kProcessStart = 2500us;
// A Hello that got lost is repeated.
constexpr Duration kRepeat = 1s;
// Of a Hello and a Cookie, beside what the links add to every packet.
constexpr std::array<std::uint8_t, 128> kHello{};
constexpr std::array<std::uint8_t, 136> kCookie{};

// As on a machine with other work: late by 50 us on average, now and then by milliseconds.
simulation::Lateness lateness(std::uint64_t seed) {
    return {
        .seed = seed, .mean = 50us, .stalls = 1.0 / 2000, .least_stall = 1ms, .most_stall = 4ms};
}

}  // namespace

Flow::Flow(simulation::EventQueue& queue, Link& down, Link& up, std::uint16_t number,
           const Config& config)
    : queue_(queue),
      down_(down),
      up_(up),
      number_(number),
      config_(config),
      hello_(queue, [this] { say_hello(); }),
      server_start_(queue, [this] { start_server(); }) {
    hello_.set(queue.now() + config.start + kProcessStart);
}

Handler::Config Flow::handler(Role role) const {
    Handler::Config handler;
    handler.streams.role = role;
    handler.streams.congestion = config_.congestion;
    handler.pipe_size = config_.pipe_size;
    handler.lateness =
        lateness(2 * config_.seed + static_cast<std::uint64_t>(role != Role::Server));
    return handler;
}

// --- the client's side

void Flow::say_hello() {
    send(up_, Kind::Hello, kHello);
    hello_.set(queue_.now() + kRepeat);
}

void Flow::start_client() {
    hello_.set(std::nullopt);
    client_ = std::make_unique<Handler>(
        queue_, handler(Role::ClientServerSpeaksFirst),
        [this](Bytes message) { send(up_, Kind::Message, message); }, [] {});
}

void Flow::on_packet_down(const Datagram& datagram) {
    switch (Kind{datagram.from.port}) {
        case Kind::Cookie:
            if (!client_) start_client();
            return;
        case Kind::Message:
            return client_->deliver(datagram.bytes);
        case Kind::Hello:
            return;
    }
}

// --- the server's side

void Flow::on_packet_up(const Datagram& datagram) {
    switch (Kind{datagram.from.port}) {
        case Kind::Hello:
            return send(down_, Kind::Cookie, kCookie);
        case Kind::Message:
            if (server_) return server_->deliver(datagram.bytes);
            if (early_.empty()) server_start_.set(queue_.now() + kProcessStart);
            early_.push_back(datagram.bytes);
            return;
        case Kind::Cookie:
            return;
    }
}

void Flow::start_server() {
    Handler::Config config = handler(Role::Server);
    config.script.output = config_.bytes;
    server_ = std::make_unique<Handler>(
        queue_, config, [this](Bytes message) { send_down(message); }, [] {});
    for (const auto& message : early_) server_->deliver(message);
}

void Flow::send_down(Bytes message) {
    const auto decoded = messagehandler::decode(message);
    if (decoded && decoded->header.block_size != 0) {
        const std::uint64_t begin = decoded->header.position.value;
        const std::uint64_t end = begin + decoded->header.block_size;
        ++blocks_.sent;
        blocks_.again += static_cast<std::uint64_t>(begin < sent_end_);
        sent_end_ = std::max(sent_end_, end);
    }
    send(down_, Kind::Message, message);
}

// --- both

void Flow::send(Link& link, Kind kind, Bytes bytes) {
    Datagram datagram;
    datagram.from.port = static_cast<std::uint16_t>(kind);
    datagram.to.port = number_;
    datagram.bytes.assign(bytes.begin(), bytes.end());
    link.send(std::move(datagram));
}

std::uint64_t Flow::delivered() const {
    return client_ ? client_->program().read() : 0;
}

std::uint64_t Flow::dropped() const {
    return (client_ ? client_->dropped() : 0) + (server_ ? server_->dropped() : 0);
}

}  // namespace curvecp::bench
