// The program that a handler starts, and our ends of its pipes.
#pragma once

#include "messagehandler/byte_channel.hpp"
#include "messagehandler/stream_pair.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace curvecp::messagehandler {

struct Program {
    pid_t pid = -1;      // -1 for standard input and output in place of a program
    ByteChannel output;  // to read from
    ByteChannel input;   // to write to
};

// Specification: a server's program has the streams on 0 and 1, a client's on 6 and 7. Throws a
// StartError that names the program.
[[nodiscard]] Program start_program(const std::string& path,
                                    const std::vector<std::string>& arguments, Role role);
[[nodiscard]] Program standard_streams();

}  // namespace curvecp::messagehandler
