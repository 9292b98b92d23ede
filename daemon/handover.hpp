// What a server hands over to the program that takes its place, beside its keys and connections:
// the descriptors and processes that this inherits. See Server::save() for the rest.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/state.hpp"

#include <string>
#include <vector>

namespace curvecp::daemon {

// One connection's handler, and the two pipes to it.
struct HandlerState {
    std::int64_t pid = 0;
    std::int64_t to_handler = -1;  // -1 where the handler has closed its input
    std::int64_t from_handler = -1;
    TimePoint started;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t dropped_frames = 0;
    std::vector<std::uint8_t> unread;
    std::vector<std::uint8_t> unwritten;
    bool to_handler_enlarged = false;
    bool from_handler_enlarged = false;
    friend bool operator==(const HandlerState&, const HandlerState&) = default;
};

// A handler whose connection has ended while its process is still there.
struct LeavingHandler {
    std::int64_t pid = 0;
    std::uint64_t connection = 0;  // its number
    std::uint32_t service = 0;
    Path path;
    TimePoint started;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    friend bool operator==(const LeavingHandler&, const LeavingHandler&) = default;
};

// A socket, and where it was asked to be bound.
struct SocketState {
    Address address;
    std::int64_t fd = -1;
    friend bool operator==(const SocketState&, const SocketState&) = default;
};

struct LoopState {
    std::vector<std::string> arguments;  // of the command line, for a return
    std::uint64_t blocked_signals = 0;   // signal n is bit n-1
    std::vector<SocketState> sockets;
    std::vector<HandlerState> handlers;  // in the order of the server's connections
    std::vector<LeavingHandler> leaving;
    friend bool operator==(const LoopState&, const LoopState&) = default;
};

void save(const Path& path, StateWriter& state) noexcept;
[[nodiscard]] Path load_path(StateReader& state);

// In front of a state: what it is, and of which version. load_magic() throws a BadState where it is
// of another.
void save_magic(StateWriter& state) noexcept;
void load_magic(StateReader& state);

void save(const LoopState& loop, StateWriter& state) noexcept;
// Throws BadState.
[[nodiscard]] LoopState load_loop(StateReader& state);

}  // namespace curvecp::daemon
