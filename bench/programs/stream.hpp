// What the measuring programs do with the pipes of a connection: all of it or nothing, and blocks
// of a load, of which the last says so, because a stream that is to stay open has no end.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "curvecp/core/time.hpp"

#include <optional>

namespace curvecp::bench {

// False at the end of the stream and on errors.
[[nodiscard]] bool write_all(int fd, Bytes bytes);
[[nodiscard]] bool read_all(int fd, MutableBytes bytes);
void wait_for_end(int fd);

// Until so many bytes have gone, or so much time; at least one block.
struct Load {
    std::uint64_t bytes;
    Duration limit;
};

// Writes whole blocks. How many bytes they were; nullopt where the stream broke.
[[nodiscard]] std::optional<std::uint64_t> send_load(int fd, const Load& load);

// Reads up to the end of the last block. How many bytes they were; nullopt where the stream broke.
[[nodiscard]] std::optional<std::uint64_t> receive_load(int fd);

}  // namespace curvecp::bench
