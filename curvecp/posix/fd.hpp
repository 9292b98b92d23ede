// A file descriptor with one owner. All descriptors of the project are close-on-exec.
#pragma once

#include <utility>

namespace curvecp {

class Fd {
  public:
    Fd() noexcept = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    // -1 where there is none.
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
    // Closes the descriptor and owns `fd` instead.
    void reset(int fd = -1) noexcept;
    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

// Every descriptor above 2 that is open now is closed by exec().
void mark_close_on_exec() noexcept;
// This one is not; nothing where it is -1.
void clear_close_on_exec(int fd) noexcept;

// For the very start of a program that starts handlers: 0, 1 and 2 are open afterwards (/dev/null
// where they were not), whatever else was inherited is close-on-exec, and 3..9 are taken, so that
// no descriptor of ours ever has a number that a handler uses. Throws StartError.
void prepare_descriptors();
// The same, but whatever was inherited stays open at exec().
void occupy_low_descriptors();

// Whether whoever started the program has left this descriptor open for it: not one of those that
// prepare_descriptors() has filled, nor, since it makes no difference, /dev/null in their place.
[[nodiscard]] bool was_inherited(int fd) noexcept;

// Raises the limit on descriptors, which children inherit, only where `wanted` are more. The limit
// there is then.
[[nodiscard]] std::size_t allow_descriptors(std::size_t wanted) noexcept;

// A write beyond the limit on the size of files is an EFBIG from here on, not a signal. Children
// get the default back.
void ignore_file_size_signals() noexcept;

// Sets O_NONBLOCK on the open file description, which every duplicate shares; false, with errno,
// where the kernel refuses.
bool set_nonblocking(int fd) noexcept;
bool set_blocking(int fd) noexcept;

}  // namespace curvecp
