// A client as a process: the real client::Client and its handler, joined as the client's loop joins
// them.
#pragma once

#include "client/client.hpp"
#include "tests/simulation/handler.hpp"
#include "tests/simulation/network.hpp"

namespace curvecp::simulation {

// The numbers of the patterns that the two programs of a connection write.
[[nodiscard]] std::uint64_t client_writes(const PublicKey& client_long_term);
[[nodiscard]] std::uint64_t server_writes(const PublicKey& client_long_term);

class ClientHost {
  public:
    struct Config {
        Handler::Config handler{{messagehandler::Role::ClientSpeaksFirst}, {}};
        Extension extension{};
        std::size_t dead_addresses = 0;  // beside the server's, in the list
    };
    enum class State : std::uint8_t { Asking, Connected, GaveUp, Ended };

    // The network's client with this number.
    ClientHost(EventQueue& queue, Network& network, std::size_t number, const ServerContact& server,
               const Config& config);

    void on_datagram(const Datagram& datagram);
    // Runs no more, as if the machine were gone.
    void freeze();
    void set_extension(const Extension& extension) {
        client_.set_extension(queue_.now(), extension);
    }

    [[nodiscard]] State state() const { return state_; }
    // The process is gone, its handler with it.
    [[nodiscard]] bool gone() const {
        return state_ == State::GaveUp || (state_ == State::Ended && handler_->gone());
    }
    // Null until the Cookie has come.
    [[nodiscard]] const Handler* handler() const { return handler_.get(); }
    [[nodiscard]] const client::Client& client() const { return client_; }
    [[nodiscard]] bool done() const {
        return state_ == State::Ended && handler_->result() == Handler::Result::Done;
    }

  private:
    ClientHost(EventQueue& queue, Network& network, std::size_t number, const ServerContact& server,
               const Config& config, const KeyPair& keys);

    void ask();
    void start_handler();
    void send(Bytes message);

    EventQueue& queue_;
    Network& network_;
    std::size_t number_;
    Config config_;
    State state_ = State::Asking;
    bool frozen_ = false;
    client::Client client_;
    std::unique_ptr<Handler> handler_;
    Timer deadline_;
};

}  // namespace curvecp::simulation
