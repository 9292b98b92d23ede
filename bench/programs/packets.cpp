// What a packet of a connected client costs the server, without the kernel: the same number of
// packets over few connections and over many.
//
//     bench_packets CONNECTIONS PACKETS
//
// prints the nanoseconds for a packet that comes (classify, find, check, open) and for one that
// goes (seal), each the median of batches, as NAME=VALUE.
#include "bench/programs/result.hpp"
#include "client/client.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/clock.hpp"
#include "daemon/server.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

using namespace curvecp;
using namespace curvecp::bench;

constexpr std::size_t kMessage = 192;  // the smallest: the box is the smaller part of the cost
constexpr std::size_t kIncoming = ClientMessage::kOverhead + kMessage;
constexpr std::size_t kBatch = 256;
constexpr std::array<std::uint8_t, kMessage> kText{};
const Address server_address{IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 1}), 4242};

[[noreturn]] void fail(const char* what) {
    static_cast<void>(std::fprintf(stderr, "bench_packets: %s\n", what));
    std::exit(111);  // NOLINT(concurrency-mt-unsafe): there are no threads
}

LongTermNonces make_nonces(std::uint64_t count) {
    NonceKey key;
    fill_random(key.reveal());
    LongTermNonces nonces{Locked(std::move(key))};
    nonces.add_block(0, count);
    return nonces;
}

struct Packets {
    daemon::ConnectionId id;
    Path path;
    std::vector<std::uint8_t> bytes{};  // one behind the other
};

class House {
  public:
    explicit House(std::size_t connections)
        : server_({Locked(SecretKey(keys_.secret_key.reveal())), name(), Extension{}},
                  make_nonces(connections), connections, now_) {}

    // A client with so many packets that it will send.
    Packets connect(std::uint32_t number, std::size_t count) {
        const Path path{{IpAddress::v4(std::array<std::uint8_t, 4>{198, 51, 100, 1}),
                         static_cast<std::uint16_t>(1024 + number % 60000)},
                        server_address.ip};
        client::Client client(now_, setup());
        Packets packets{greet(client, path), path};
        packets.bytes.resize(count * kIncoming);
        for (std::size_t i = 0; i < count; ++i) {
            const auto packet = MutableBytes(packets.bytes).subspan(i * kIncoming, kIncoming);
            if (!client.seal_message(kText, packet)) fail("no nonce");
        }
        return packets;
    }
    void take(const Path& path, MutableBytes packet) {
        const auto action = server_.on_datagram(now_, path, packet);
        if (!std::holds_alternative<daemon::Server::Deliver>(action)) fail("a packet was dropped");
    }
    void give(daemon::ConnectionId id, MutableBytes packet) {
        if (!server_.seal_message(id, kText, packet)) fail("no nonce");
    }

  private:
    static ServerName name() { return parse_server_name("bench.example").value(); }

    client::Setup setup() {
        KeyPair keys = make_key_pair();
        return {.identity = {keys.public_key, Locked(std::move(keys.secret_key))},
                .nonces = make_nonces(1),
                .server = {keys_.public_key, Extension{}, name()},
                .addresses = {server_address},
                .extension = Extension{}};
    }
    daemon::ConnectionId greet(client::Client& client, const Path& path) {
        auto hello = client.next_hello(now_);
        auto answered = server_.on_datagram(now_, path, hello.value().bytes);
        const auto* reply = std::get_if<daemon::Server::Reply>(&answered);
        if (reply == nullptr) fail("no Cookie");
        std::vector<std::uint8_t> cookie(reply->packet.begin(), reply->packet.end());
        static_cast<void>(client.on_datagram(server_address, cookie));
        std::vector<std::uint8_t> initiate(client.packet_size(kMessage).value());
        if (!client.seal_message(kText, initiate)) fail("no Initiate");
        auto opened = server_.on_datagram(now_, path, initiate);
        auto* open = std::get_if<daemon::Server::Open>(&opened);
        if (open == nullptr) fail("the Initiate was refused");
        const auto id = server_.on_handler_started(std::move(*open));
        std::vector<std::uint8_t> first(daemon::Server::packet_size(kMessage));
        give(id, first);
        static_cast<void>(client.on_datagram(server_address, first));
        if (!client.connected()) fail("the client is not connected");
        return id;
    }

    TimePoint now_{std::chrono::hours(1)};
    KeyPair keys_ = make_key_pair();
    daemon::Server server_;
};

// Which connection is next: all have as many packets.
std::vector<std::uint32_t> shuffled(std::size_t connections, std::size_t each) {
    std::vector<std::uint32_t> order;
    std::vector<std::uint32_t> round(connections);
    for (std::uint32_t i = 0; i < connections; ++i) round[i] = i;
    std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same order each time
    for (std::size_t i = 0; i < each; ++i) {
        std::shuffle(round.begin(), round.end(), random);
        order.insert(order.end(), round.begin(), round.end());
    }
    return order;
}

double median_ns(std::vector<Duration>& batches) {
    const auto middle = batches.begin() + static_cast<std::ptrdiff_t>(batches.size() / 2);
    std::nth_element(batches.begin(), middle, batches.end());
    return static_cast<double>(middle->count()) / kBatch;
}

int measure(std::size_t connections, std::size_t each) {
    House house(connections);
    std::vector<Packets> clients;
    for (std::uint32_t i = 0; i < connections; ++i) clients.push_back(house.connect(i, each));
    const auto order = shuffled(connections, each);
    std::vector<std::size_t> used(connections);
    std::vector<std::uint8_t> incoming(kBatch * kIncoming);
    std::vector<std::uint8_t> outgoing(kBatch * daemon::Server::packet_size(kMessage));
    std::vector<Duration> opened;
    std::vector<Duration> sealed;
    for (std::size_t begin = 0; begin + kBatch <= order.size(); begin += kBatch) {
        const auto batch = std::span(order).subspan(begin, kBatch);
        // As the kernel would: what came lies in the cache.
        for (std::size_t i = 0; i < kBatch; ++i) {
            const auto from =
                Bytes(clients[batch[i]].bytes).subspan(used[batch[i]]++ * kIncoming, kIncoming);
            std::copy(from.begin(), from.end(),
                      incoming.begin() + static_cast<std::ptrdiff_t>(i * kIncoming));
        }
        const TimePoint start = now();
        for (std::size_t i = 0; i < kBatch; ++i) {
            house.take(clients[batch[i]].path,
                       MutableBytes(incoming).subspan(i * kIncoming, kIncoming));
        }
        const TimePoint middle = now();
        for (std::size_t i = 0; i < kBatch; ++i) {
            constexpr std::size_t kSize = daemon::Server::packet_size(kMessage);
            house.give(clients[batch[i]].id, MutableBytes(outgoing).subspan(i * kSize, kSize));
        }
        sealed.push_back(now() - middle);
        opened.push_back(middle - start);
    }
    Result result;
    result.add("opened_ns", median_ns(opened)).add("sealed_ns", median_ns(sealed));
    return result.tell() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t connections = argc == 3 ? std::strtoull(argv[1], nullptr, 10) : 0;
    const std::size_t packets = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
    if (connections == 0 || packets < std::max(connections, kBatch)) {
        static_cast<void>(std::fputs("usage: bench_packets CONNECTIONS PACKETS\n", stderr));
        return 100;
    }
    if (!start_cryptography()) fail("libsodium does not start");
    return measure(connections, packets / connections);
}
