// A message handler as a process: the real StreamPair, a program, and the pipe that it reads frames
// from. It does what the handler's loop does, on the virtual clock.
#pragma once

#include "curvecp/core/frame.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/program.hpp"

#include <deque>

namespace curvecp::simulation {

class Handler {
  public:
    struct Config {
        messagehandler::StreamPair::Config streams;
        Script script;
        std::uint64_t writes = 0;  // the number of its program's pattern, and of its peer's
        std::uint64_t reads = 0;
        std::size_t pipe_size = 65'536;
        // So long a frame waits until the handler runs.
        Duration latency = std::chrono::microseconds(50);
    };
    enum class Result : std::uint8_t { Running, Done, PeerVanished };

    // `send` gets each message for the peer. `on_exit` is called once; it may destroy this.
    Handler(EventQueue& queue, const Config& config, std::function<void(Bytes)> send,
            std::function<void()> on_exit);

    // A message from the peer; dropped where the pipe is full.
    void deliver(Bytes message);
    // Stops the process: it reads and says nothing more, and never ends.
    void freeze() { frozen_ = true; }
    // Ends the process as a closed fd 8 does.
    void stop();

    [[nodiscard]] Result result() const { return result_; }
    [[nodiscard]] const Program& program() const { return program_; }
    [[nodiscard]] const messagehandler::StreamPair& streams() const { return streams_; }
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    void wake();
    void run();
    bool send_messages();
    void exit(Result result);

    EventQueue& queue_;
    Config config_;
    std::function<void(Bytes)> send_;
    std::function<void()> on_exit_;
    messagehandler::StreamPair streams_;
    Program program_;
    std::deque<std::vector<std::uint8_t>> pipe_;
    std::size_t pipe_used_ = 0;
    std::uint64_t dropped_ = 0;
    bool woken_ = false;
    bool frozen_ = false;
    bool program_ended_ = false;
    Result result_ = Result::Running;
    Timer readable_;
    Timer deadline_;
};

}  // namespace curvecp::simulation
