// A message handler as a process: the real StreamPair, a program, and the pipe that it reads frames
// from. It does what the handler's loop does, on the virtual clock.
#pragma once

#include "curvecp/core/frame.hpp"
#include "tests/simulation/dice.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/program.hpp"

#include <deque>

namespace curvecp::simulation {

// How much later than asked for a process runs, since others run too.
struct Lateness {
    std::uint64_t seed = 0;
    Duration mean{};    // of an exponential distribution, at every wake-up
    double stalls = 0;  // probability that it is one of these as well
    Duration least_stall{};
    Duration most_stall{};
};

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
        Lateness lateness{};  // on top of it, and of its deadlines
        // Follows each message with a copy whose block has other bytes, as a lying peer might.
        bool with_contradictions = false;
    };
    enum class Result : std::uint8_t { Running, Done, PeerVanished };

    // `send` gets each message for the peer. `on_close` is called once, when the connection is
    // over; the program may still be reading what has arrived.
    Handler(EventQueue& queue, const Config& config, std::function<void(Bytes)> send,
            std::function<void()> on_close);

    // A message from the peer; dropped where the pipe is full.
    void deliver(Bytes message);
    // Stops the process: it reads and says nothing more, and never ends.
    void freeze() { frozen_ = true; }

    // How the connection ended.
    [[nodiscard]] Result result() const { return result_; }
    // The process is gone, its program with it.
    [[nodiscard]] bool gone() const {
        return result_ == Result::PeerVanished || (result_ == Result::Done && program_.done());
    }
    [[nodiscard]] const Program& program() const { return program_; }
    [[nodiscard]] const messagehandler::StreamPair& streams() const { return streams_; }
    // How often it ran, for messages or because it was time.
    [[nodiscard]] std::uint64_t runs() const { return runs_; }
    // Messages that the pipe had no room for.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    [[nodiscard]] Duration late();
    void on_deadline();
    void wake();
    void run();
    void look_at_connection(TimePoint now);
    bool send_messages();
    void close(Result result);

    EventQueue& queue_;
    Config config_;
    Dice dice_;
    std::function<void(Bytes)> send_;
    std::function<void()> on_close_;
    messagehandler::StreamPair streams_;
    Program program_;
    std::deque<std::vector<std::uint8_t>> pipe_;
    std::size_t pipe_used_ = 0;
    std::uint64_t runs_ = 0;
    std::uint64_t dropped_ = 0;
    bool woken_ = false;
    bool frozen_ = false;
    bool program_ended_ = false;
    Result result_ = Result::Running;
    Timer readable_;
    Timer deadline_;
};

}  // namespace curvecp::simulation
