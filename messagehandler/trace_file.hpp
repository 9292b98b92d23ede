// The file of --trace.
#pragma once

#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/log.hpp"
#include "messagehandler/congestion_trace.hpp"

namespace curvecp::messagehandler {

class TraceFile {
  public:
    // Appends to the file. Throws a StartError that names it. The log must live as long.
    TraceFile(const std::string& path, Log& log, TimePoint start);

    // Writes what is new. Where that fails it is told, once, and nothing more is written.
    void write(TimePoint now, const StreamPair& pair) { write(trace_.next_line(now, pair)); }
    void write_last(TimePoint now, const StreamPair& pair) { write(trace_.last_line(now, pair)); }

  private:
    void write(std::string_view line);

    CongestionTrace trace_;
    Log& log_;
    Fd file_;
};

}  // namespace curvecp::messagehandler
