#include "messagehandler/trace_file.hpp"

#include "curvecp/posix/failure.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace curvecp::messagehandler {

TraceFile::TraceFile(const std::string& path, Log& log, TimePoint start)
    : trace_(getpid(), start),
      log_(log),
      // Not blocking: where it is a pipe that nobody reads, lines are left out.
      file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                   0666)) {
    if (!file_) throw StartError("trace file " + path, errno);
}

void TraceFile::write(std::string_view line) {
    if (!file_ || line.empty() || ::write(file_.get(), line.data(), line.size()) >= 0) return;
    if (errno == EAGAIN || errno == EINTR) return;
    log_.error("cannot write the trace: ", std::strerror(errno));
    file_.reset();
}

}  // namespace curvecp::messagehandler
