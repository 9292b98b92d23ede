// One end of the program's streams: a pipe of ours, or standard input or output, which may be a
// file, a terminal or a pipe that others share. No call here waits, and a shared descriptor's
// blocking mode is left as it is.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "curvecp/posix/fd.hpp"

namespace curvecp::messagehandler {

class ByteChannel {
  public:
    enum class Status { Ok, WouldWait, Closed, Failed };
    struct Result {
        Status status;
        std::size_t size = 0;
    };

    ByteChannel() = default;
    // A pipe's end that is non-blocking.
    explicit ByteChannel(Fd pipe);
    // Descriptors 0 and 1; they are /dev/null after close(). A socket may be both: its peer is told
    // of the output's end all the same.
    [[nodiscard]] static ByteChannel standard_input();
    [[nodiscard]] static ByteChannel standard_output();

    // Closed: the end of file. Failed: errno is set.
    Result read(MutableBytes bytes);
    // Closed: nobody reads any more. May write less than it was given.
    Result write(Bytes bytes);
    void close();

    [[nodiscard]] bool open() const { return fd() >= 0; }
    // To watch. Not the description of our own: poll() never tells that of a FIFO that was opened
    // after its last writer had left of the end.
    [[nodiscard]] int fd() const { return standard_ >= 0 ? standard_ : owned_.get(); }

  private:
    enum class Kind : std::uint8_t {
        NonBlocking,
        Socket,  // each call says that it does not wait
        Polled,  // each call asks first, and takes little
        File,    // never waits
    };

    ByteChannel(int standard, int open_flags);
    [[nodiscard]] int own_fd() const { return owned_ ? owned_.get() : standard_; }
    [[nodiscard]] bool would_wait(short events) const;

    Fd owned_;
    int standard_ = -1;  // 0 or 1
    bool output_ = false;
    Kind kind_ = Kind::NonBlocking;
};

}  // namespace curvecp::messagehandler
