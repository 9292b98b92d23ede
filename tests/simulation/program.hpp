// A scripted program on the end of a stream: it writes a pattern that follows from a number, checks
// that it reads its peer's pattern, and may pause, read slowly, or answer only what it was asked.
#pragma once

#include "messagehandler/stream_pair.hpp"

namespace curvecp::simulation {

struct Script {
    std::uint64_t output = 0;  // bytes to write, then the end
    messagehandler::Ending ending = messagehandler::Ending::Success;
    bool output_after_input = false;  // writes nothing before the peer's end
    // At this many bytes written and read together the program does nothing for so long.
    std::optional<std::uint64_t> pause_at;
    Duration pause{};
    // Reads so much at a time, so often; 0 is all there is, at once.
    std::size_t read_size = 0;
    Duration read_interval{};
    // Exits after the last byte, whatever may still come from its peer.
    bool leaves_after_output = false;
    // Leaves its output open for so long after the last byte.
    Duration end_delay{};
};

class Program {
  public:
    // What a program with this number writes, the other end's program reads.
    Program(const Script& script, std::uint64_t writes, std::uint64_t reads)
        : script_(script), writes_(writes), reads_(reads) {}

    // Moves bytes between the program and its handler; false where there was nothing to do.
    bool run(TimePoint now, messagehandler::StreamPair& pair);
    // When it has something to do though its handler has not.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    // It has written and read all that it wanted to, and has exited.
    [[nodiscard]] bool done() const {
        return output_ended_ && (input_ending_.has_value() || script_.leaves_after_output);
    }
    [[nodiscard]] std::uint64_t written() const { return written_; }
    [[nodiscard]] std::uint64_t read() const { return read_; }
    [[nodiscard]] const std::optional<messagehandler::Ending>& input_ending() const {
        return input_ending_;
    }
    // Every byte that was read was the right one.
    [[nodiscard]] bool intact() const { return intact_; }

  private:
    [[nodiscard]] bool pausing(TimePoint now);
    bool write(TimePoint now, messagehandler::StreamPair& pair);
    bool end_output(TimePoint now, messagehandler::StreamPair& pair);
    bool take(TimePoint now, messagehandler::StreamPair& pair);

    Script script_;
    std::uint64_t writes_;
    std::uint64_t reads_;
    std::uint64_t written_ = 0;
    std::uint64_t read_ = 0;
    bool intact_ = true;
    bool output_ended_ = false;
    std::optional<messagehandler::Ending> input_ending_;
    std::optional<TimePoint> pause_until_;
    std::optional<TimePoint> end_at_;
    std::optional<TimePoint> read_at_;  // not before
};

}  // namespace curvecp::simulation
