// The shell around Client: moves datagrams and frames in batches, starts the handler, keeps time.
#pragma once

#include "client/client.hpp"
#include "client/options.hpp"
#include "curvecp/core/handler_environment.hpp"
#include "curvecp/posix/handler_process.hpp"
#include "curvecp/posix/udp_socket.hpp"

namespace curvecp::client {

// What the process ends with: an exit code, or a signal that asked it to.
struct Outcome {
    int exit_code = 0;
    int signal = 0;
};

class ClientLoop {
  public:
    // Throws StartError. Takes the server's name out of the options. The log must live as long.
    ClientLoop(Options& options, Log& log);

    // Returns when the connection has ended and, where no signal came, the handler too.
    [[nodiscard]] Outcome run();

  private:
    ClientLoop(Options& options, std::vector<Address> addresses, Log& log);

    void on_datagrams();
    void wipe_handshake();
    void carry_out(const Path& path, const Action& action);
    void start_handler(const Path& path);
    void on_deadline();
    void ask();
    void give_up();
    void refresh_extension();

    void on_handler_readable();
    // Sends the messages that were read; the reason to end the connection where there is one.
    [[nodiscard]] std::optional<std::string> send_messages();
    void close_handler(std::string_view reason);
    void end_connection(int exit_code, const std::string& reason);
    void end_handler();
    void on_child_exit(pid_t pid, int wait_status);
    void on_handler_gone();
    void on_signal(int signal);
    void stop(Outcome outcome);
    void tell_end(std::string_view reason) const;

    Log& log_;
    std::vector<std::string> arguments_;
    std::string server_name_;
    PublicKey server_long_term_;
    Extension server_extension_;
    EventLoop loop_;
    UdpSocket socket_;
    Client client_;
    PipeBudget pipe_budget_{2};  // of the handler's two pipes
    std::optional<HandlerProcess> handler_;
    pid_t handler_pid_ = -1;
    Outcome outcome_;
    bool ended_ = false;                    // the connection; the handler may still run
    bool termed_ = false;                   // the handler, which then gets SIGKILL
    std::optional<int> handler_exit_code_;  // once it has exited
    std::vector<std::uint8_t> read_buffer_;
    std::uint64_t icmp_errors_ = 0;
    std::uint64_t bytes_in_ = 0;   // message bytes from the server
    std::uint64_t bytes_out_ = 0;  // message bytes to the server
    TimePoint started_;
    IoWatcher datagrams_;
    Deadline deadline_;
    BeforeWait before_wait_;
    ChildReaper reaper_;
    SignalWatcher on_term_;
    SignalWatcher on_int_;
};

}  // namespace curvecp::client
