// What a transfer's sender did and why, as lines of JSON: one where the controller's state changes
// or blocks are lost, and one every 10 ms while something moves. bench/trace.py makes a picture.
#pragma once

#include "messagehandler/stream_pair.hpp"

#include <string>
#include <string_view>

namespace curvecp::messagehandler {

class CongestionTrace {
  public:
    // `process` is told in each line, because several handlers may write to one file.
    CongestionTrace(int process, TimePoint start) : process_(process), start_(start) {}

    // After anything may have happened: the next line, with its end; empty where there is none to
    // write. Good until the next call of either.
    [[nodiscard]] const std::string& next_line(TimePoint now, const StreamPair& pair);
    // How it stood at the end.
    [[nodiscard]] const std::string& last_line(TimePoint now, const StreamPair& pair);

  private:
    [[nodiscard]] const char* event(TimePoint now, const StreamPair& pair) const;

    void write_line(TimePoint now, const StreamPair& pair, std::string_view event);

    int process_;
    TimePoint start_;
    std::optional<TimePoint> last_;
    std::string_view state_;
    TransferStatistics statistics_;
    StreamPosition acknowledged_;
    std::string line_;
};

}  // namespace curvecp::messagehandler
