#include "curvecp/posix/key_file.hpp"

#include "curvecp/posix/failure.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace curvecp {
namespace {

struct flock whole_file(decltype(flock::l_type) type) noexcept {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

KeyFile::KeyFile(const Fd& directory, const std::string& path, const std::string& name,
                 Access access)
    : name_(path + "/" + name),
      // O_NONBLOCK, because a FIFO in place of a key must not hang the start.
      fd_(openat(
          directory.get(), name.c_str(),
          (access == Access::Read ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {
    if (!fd_) throw StartError("cannot open " + name_, errno);
}

void KeyFile::read(MutableBytes bytes) const {
    struct stat status {};
    if (fstat(fd_.get(), &status) != 0) throw StartError("cannot read " + name_, errno);
    if (!S_ISREG(status.st_mode)) throw StartError(name_ + " is not a regular file");
    if (status.st_size != static_cast<off_t>(bytes.size())) {
        throw StartError(name_ + " has " + std::to_string(status.st_size) + " bytes, " +
                         std::to_string(bytes.size()) + " are needed");
    }
    const ssize_t size = pread(fd_.get(), bytes.data(), bytes.size(), 0);
    if (size < 0) throw StartError("cannot read " + name_, errno);
    if (size != status.st_size) throw StartError("cannot read " + name_, EIO);
}

void KeyFile::overwrite(Bytes bytes) const {
    const ssize_t size = pwrite(fd_.get(), bytes.data(), bytes.size(), 0);
    if (size < 0 || fsync(fd_.get()) != 0) throw StartError("cannot write " + name_, errno);
    if (size != static_cast<ssize_t>(bytes.size())) {
        throw StartError("cannot write " + name_, ENOSPC);
    }
}

RecordLock::RecordLock(const KeyFile& file, Busy busy) : fd_(file.fd()) {
    const auto lock = whole_file(F_WRLCK);
    while (fcntl(fd_, busy == Busy::Wait ? F_SETLKW : F_SETLK, &lock) != 0) {
        if (errno != EINTR) throw StartError("cannot lock " + file.name(), errno);
    }
}

RecordLock::~RecordLock() {
    const auto lock = whole_file(F_UNLCK);
    fcntl(fd_, F_SETLK, &lock);
}

}  // namespace curvecp
