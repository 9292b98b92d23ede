#include "bench/programs/stream.hpp"

#include "curvecp/posix/clock.hpp"

#include <cerrno>
#include <vector>

#include <unistd.h>

namespace curvecp::bench {
namespace {

constexpr std::size_t kBlockSize = std::size_t{64} * 1024;  // what a pipe holds
constexpr std::uint8_t kMore = 1;                           // the first byte of a block
constexpr std::uint8_t kLast = 2;

// As read(), but not interrupted.
ssize_t read_some(int fd, MutableBytes bytes) {
    ssize_t size = 0;
    do {
        size = read(fd, bytes.data(), bytes.size());
    } while (size < 0 && errno == EINTR);
    return size;
}

}  // namespace

bool write_all(int fd, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t size = write(fd, bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
    return true;
}

bool read_all(int fd, MutableBytes bytes) {
    while (!bytes.empty()) {
        const ssize_t size = read_some(fd, bytes);
        if (size <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
    return true;
}

void wait_for_end(int fd) {
    std::array<std::uint8_t, 4096> ignored{};
    while (read_some(fd, ignored) > 0) {
    }
}

std::optional<std::uint64_t> send_load(int fd, const Load& load) {
    std::vector<std::uint8_t> block(kBlockSize, 'x');
    const TimePoint end = now() + load.limit;
    std::uint64_t sent = 0;
    do {
        const bool is_last = sent + kBlockSize >= load.bytes || now() >= end;
        block[0] = is_last ? kLast : kMore;
        if (!write_all(fd, block)) return std::nullopt;
        sent += kBlockSize;
    } while (block[0] != kLast);
    return sent;
}

std::optional<std::uint64_t> receive_load(int fd) {
    std::vector<std::uint8_t> buffer(kBlockSize);
    std::uint64_t received = 0;
    std::uint64_t next_block = 0;  // where the next one begins
    bool is_last = false;
    while (!is_last || received < next_block) {
        const ssize_t size = read_some(fd, buffer);
        if (size <= 0) return std::nullopt;
        // At most one block begins in what was read, since no more than a block's size was.
        if (!is_last && next_block < received + static_cast<std::uint64_t>(size)) {
            is_last = buffer[next_block - received] == kLast;
            next_block += kBlockSize;
        }
        received += static_cast<std::uint64_t>(size);
    }
    return received;
}

}  // namespace curvecp::bench
