// A connection between a server that writes and a client that reads, with the real stream pairs on
// both sides. Daemon, client and boxes are not there; the packets are as large as with them.
#pragma once

#include "tests/simulation/handler.hpp"
#include "tests/simulation/link.hpp"

#include <memory>

namespace curvecp::bench {

class Flow {
  public:
    static constexpr std::uint64_t kEndless = std::uint64_t{1} << 50U;

    struct Config {
        std::uint64_t bytes = kEndless;
        Duration start{};  // of the client's process
        messagehandler::Congestion congestion = messagehandler::StreamPair::Config{}.congestion;
        std::uint64_t seed = 1;
        std::size_t pipe_size = 65'536;
    };
    // Of blocks that the server sent.
    struct Blocks {
        std::uint64_t sent = 0;
        std::uint64_t again = 0;  // of these, bytes that had been sent before
    };

    // `number` tells its packets apart. The links must outlive this.
    Flow(simulation::EventQueue& queue, simulation::Link& down, simulation::Link& up,
         std::uint16_t number, const Config& config);

    void on_packet_down(const simulation::Datagram& datagram);
    void on_packet_up(const simulation::Datagram& datagram);

    // What the client's program has read.
    [[nodiscard]] std::uint64_t delivered() const;
    [[nodiscard]] bool complete() const { return delivered() == config_.bytes; }
    [[nodiscard]] const Blocks& blocks() const { return blocks_; }
    // Null until it has started.
    [[nodiscard]] const simulation::Handler* server() const { return server_.get(); }
    // Messages that came to a full pipe.
    [[nodiscard]] std::uint64_t dropped() const;

  private:
    enum class Kind : std::uint16_t { Hello, Cookie, Message };

    [[nodiscard]] simulation::Handler::Config handler(messagehandler::Role role) const;
    void say_hello();
    void start_client();
    void start_server();
    void send(simulation::Link& link, Kind kind, Bytes bytes);
    void send_down(Bytes message);

    simulation::EventQueue& queue_;
    simulation::Link& down_;
    simulation::Link& up_;
    std::uint16_t number_;
    Config config_;
    Blocks blocks_;
    std::uint64_t sent_end_ = 0;
    simulation::Timer hello_;
    simulation::Timer server_start_;
    std::vector<std::vector<std::uint8_t>> early_;  // before the server's handler ran
    std::unique_ptr<simulation::Handler> client_;
    std::unique_ptr<simulation::Handler> server_;
};

}  // namespace curvecp::bench
