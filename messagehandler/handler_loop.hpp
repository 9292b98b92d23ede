// The shell around a StreamPair: messages on descriptors 8 and 9 on one side, a program's pipes on
// the other.
#pragma once

#include "curvecp/core/frame.hpp"
#include "curvecp/posix/event_loop.hpp"
#include "messagehandler/frame_batch.hpp"
#include "messagehandler/options.hpp"
#include "messagehandler/program.hpp"
#include "messagehandler/trace_file.hpp"

namespace curvecp::messagehandler {

inline constexpr int kFromPeer = 8;  // specification
inline constexpr int kToPeer = 9;    // specification

// Throws a StartError where 8 or 9 is not open.
void prepare_message_descriptors();

class HandlerLoop {
  public:
    // Starts the program. Throws StartError. The log must live as long.
    HandlerLoop(const Options& options, Log& log);

    // Returns the exit code when the connection has ended and the program too.
    [[nodiscard]] int run();

  private:
    void on_messages();
    void on_output();
    void on_child_exit(pid_t pid, int wait_status);

    // What a round of the loop has brought is passed on before the loop waits again.
    void before_wait();
    void feed_program();
    void close_program_input();
    void send_messages();
    void watch();
    void note_exit();
    void finish_when_done();
    [[nodiscard]] bool reads_output();

    void end_output_when_exit_is_known();
    void end_output();
    void tell_statistics();
    void lose_connection(std::string_view why);
    void close_connection();
    void finish(int exit_code);
    [[nodiscard]] int exit_code();

    Log& log_;
    bool stdio_;
    TimePoint start_;
    EventLoop loop_;
    StreamPair pair_;
    std::optional<TraceFile> trace_;
    FrameReader reader_;
    std::unique_ptr<std::uint8_t[]> read_buffer_;
    FrameBatch batch_;
    Program program_;  // where it cannot be started, descriptors 8 and 9 stay open
    Fd from_peer_;
    Fd to_peer_;
    std::optional<int> program_exit_code_;
    std::optional<TimePoint> output_ends_;  // at the latest; it is closed already
    bool failed_ = false;                   // the program, or its input or output
    bool peer_failed_ = false;              // the peer's stream ended in a failure
    bool connected_ = true;
    bool input_waits_ = false;
    int exit_code_ = 0;
    IoWatcher messages_;
    IoWatcher messages_writable_;
    std::optional<IoWatcher> output_;
    std::optional<IoWatcher> input_writable_;
    Deadline deadline_;
    BeforeWait before_wait_;
    std::optional<ChildReaper> reaper_;
};

}  // namespace curvecp::messagehandler
