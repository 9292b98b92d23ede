// The server as a process: the real daemon::Server and a handler for each connection, joined as the
// server's loop joins them.
#pragma once

#include "curvecp/core/client_handshake.hpp"
#include "daemon/server.hpp"
#include "tests/simulation/handler.hpp"
#include "tests/simulation/network.hpp"

namespace curvecp::simulation {

class ServerHost {
  public:
    struct Config {
        std::size_t max_connections = 100;
        Handler::Config handler{};  // `writes` and `reads` follow from the client's long-term key
    };

    ServerHost(EventQueue& queue, Network& network, const Config& config);

    [[nodiscard]] ServerContact contact() const { return contact_; }
    // Runs no more, as if the machine were gone.
    void freeze();
    // Whether starting a handler fails from now on.
    void refuse_handlers(bool refuse) { refusing_ = refuse; }

    [[nodiscard]] const daemon::Server& server() const { return server_; }
    // Every connection there ever was, in order; its handler lives on for the tests to look at.
    [[nodiscard]] std::size_t opened() const { return connections_.size(); }
    [[nodiscard]] const Handler& handler(std::size_t connection) const {
        return *connections_[connection]->handler;
    }
    [[nodiscard]] daemon::ConnectionId id(std::size_t connection) const {
        return connections_[connection]->id;
    }
    [[nodiscard]] std::size_t live_handlers() const;

  private:
    ServerHost(EventQueue& queue, Network& network, const Config& config, const KeyPair& keys);

    struct Connection {
        daemon::ConnectionId id;
        std::unique_ptr<Handler> handler;
    };

    void on_datagram(const Datagram& datagram);
    void open(daemon::Server::Open open);
    void deliver(const daemon::Server::Deliver& deliver);
    void send(daemon::ConnectionId id, Bytes message);
    void on_handler_end(daemon::ConnectionId id);
    void on_deadline();

    EventQueue& queue_;
    Network& network_;
    Config config_;
    ServerContact contact_;
    daemon::Server server_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Handler*> by_slot_;
    bool frozen_ = false;
    bool refusing_ = false;
    Timer deadline_;
};

}  // namespace curvecp::simulation
