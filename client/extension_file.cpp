#include "client/extension_file.hpp"

#include "curvecp/posix/fd.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace curvecp::client {

Extension read_extension(const char* path) noexcept {
    // Non-blocking, so that no fifo in its place can stop a connection.
    const Fd file(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    Extension extension;
    const auto bytes = extension.bytes();
    if (!file ||
        ::read(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        return {};
    }
    return extension;
}

}  // namespace curvecp::client
