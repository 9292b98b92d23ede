#include "curvecp/posix/memory_file.hpp"

#include "curvecp/core/secret.hpp"
#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr unsigned kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

Fd make_file(std::size_t size) {
    Fd fd(memfd_create("curvecp-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
        fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
        throw StartError("cannot make a file in memory", errno);
    }
    return fd;
}

std::size_t sealed_size(const Fd& fd) {
    const int seals = fcntl(fd.get(), F_GET_SEALS);
    struct stat status {};
    if (seals < 0 || fstat(fd.get(), &status) != 0) {
        throw StartError("descriptor " + std::to_string(fd.get()) + " is no file in memory", errno);
    }
    if ((static_cast<unsigned>(seals) & kSeals) != kSeals) {
        throw StartError("descriptor " + std::to_string(fd.get()) + " is not sealed");
    }
    return static_cast<std::size_t>(status.st_size);
}

}  // namespace

MemoryFile::MemoryFile(std::size_t size) : MemoryFile(make_file(size), size) {}

MemoryFile MemoryFile::inherited(Fd fd) {
    const std::size_t size = sealed_size(fd);
    return {std::move(fd), size};
}

MemoryFile::MemoryFile(Fd fd, std::size_t size) : fd_(std::move(fd)) {
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (memory == MAP_FAILED) throw StartError("cannot map a file in memory", errno);
    bytes_ = {static_cast<std::uint8_t*>(memory), size};
    static_cast<void>(mlock(memory, size));
    static_cast<void>(madvise(memory, size, MADV_DONTDUMP));
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : fd_(std::move(other.fd_)), bytes_(std::exchange(other.bytes_, {})) {}

MemoryFile::~MemoryFile() {
    if (bytes_.empty()) return;
    wipe(bytes_);
    munmap(bytes_.data(), bytes_.size());
}

bool MemoryFile::is_wiped() const noexcept {
    return std::all_of(bytes_.begin(), bytes_.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace curvecp
