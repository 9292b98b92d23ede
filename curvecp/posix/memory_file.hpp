// A file without a name, in memory, for secrets that a process leaves to another one, or to the
// program that it becomes. Its size is sealed; it is overwritten when it dies.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "curvecp/posix/fd.hpp"

namespace curvecp {

class MemoryFile {
  public:
    // Zeros. Close-on-exec, locked into memory where the limit allows it. Throws StartError.
    explicit MemoryFile(std::size_t size);
    // One that was inherited, which it owns then. Throws StartError where it is none, or where its
    // size could still change.
    [[nodiscard]] static MemoryFile inherited(Fd fd);
    MemoryFile(MemoryFile&& other) noexcept;
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    MemoryFile& operator=(MemoryFile&&) = delete;
    ~MemoryFile();

    [[nodiscard]] MutableBytes bytes() const noexcept { return bytes_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    // Whether somebody has overwritten it, this process or another.
    [[nodiscard]] bool is_wiped() const noexcept;

  private:
    MemoryFile(Fd fd, std::size_t size);

    Fd fd_;
    MutableBytes bytes_;
};

}  // namespace curvecp
