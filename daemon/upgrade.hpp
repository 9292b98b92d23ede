// The server becomes the program that is now where it was started from, in the same process: its
// socket, its handlers and all it knows go along. First the new program has to show, as a child
// and on a copy, that it can go on with the state.
#pragma once

#include "curvecp/posix/memory_file.hpp"
#include "daemon/invocation.hpp"
#include "daemon/server_loop.hpp"

namespace curvecp::daemon {

// The old program's side.
class Upgrade {
  public:
    // At SIGUSR2. `inherited` are descriptors that the server was started with and its successor
    // needs.
    Upgrade(EventLoop& loop, const Invocation& invocation, std::vector<int> inherited,
            ServerLoop& server, HandlerChildren& children, Log& log);
    Upgrade(const Upgrade&) = delete;
    Upgrade& operator=(const Upgrade&) = delete;
    ~Upgrade();

  private:
    void begin();
    void start_check();
    void on_child(pid_t pid, int wait_status);
    void on_time();
    void hand_over();
    // Returns where exec() fails: with why.
    [[nodiscard]] std::string execute(std::uint64_t blocked_signals);
    void stay(const std::string& reason);

    EventLoop& loop_;
    const Invocation& invocation_;
    std::vector<int> inherited_;
    ServerLoop& server_;
    HandlerChildren& children_;
    Log& log_;
    std::optional<MemoryFile> copy_;  // what is being checked
    pid_t checker_ = -1;
    bool checked_ = false;
    Deadline next_;
    SignalWatcher on_usr2_;
};

// The new program's side. Until take_over() has succeeded, nothing that was inherited is closed.
class Succession {
  public:
    // Throws StartError.
    explicit Succession(const Invocation& invocation);
    // Throws BadState.
    void read();

    [[nodiscard]] const LoopState& loop_state() const noexcept { return loop_; }
    // All of it goes to the server. Does not return, but to the old program, where that fails and
    // there is one; throws where there is none.
    void take_over(ServerLoop& server, Log& log);
    // Signals come again.
    void finish() const noexcept;

    // Becomes the old program again; returns where there is none, or it cannot be.
    void give_back(Log& log, std::string_view reason) const;
    [[nodiscard]] bool done() const noexcept { return !state_; }

  private:
    const Invocation& invocation_;
    std::optional<MemoryFile> state_;
    std::optional<StateReader> reader_;
    LoopState loop_;
};

}  // namespace curvecp::daemon
