#include "curvecp/posix/text_file.hpp"

#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr std::size_t kLargest = std::size_t{64} << 20U;  // ours: half a million keys

}  // namespace

std::string read_text_file(const std::string& path) {
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!file) throw StartError(path, errno);
    std::string text;
    std::array<char, 65'536> buffer;
    while (true) {
        const ssize_t size = read(file.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw StartError(path, errno);
        if (size == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > kLargest) throw StartError(path, EFBIG);
    }
}

}  // namespace curvecp
