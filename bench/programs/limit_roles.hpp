// The six processes of the limit program, in their order. Each reads its input and writes its
// output for ever; it ends when a neighbour has ended.
#pragma once

#include "curvecp/core/keys.hpp"
#include "curvecp/core/packet.hpp"
#include "curvecp/core/time.hpp"

namespace curvecp::bench {

// Ours, because it is what one send with UDP_SEGMENT takes: below 64 KiB.
inline constexpr std::size_t kBatch = 56;
inline constexpr std::size_t kLimitPacketSize = ServerMessage::kMaxSize;
static_assert(kBatch * kLimitPacketSize <= 65507);

// Descriptors; -1 where there is none.
struct Ends {
    int in;
    int out;
};

// What the sink tells when its time is over.
struct Carried {
    std::uint64_t bytes = 0;
    Duration took{};
};

struct Role {
    const char* name;
    void (*play)(const Ends& ends, const SharedKey& key, Duration limit);
};

inline constexpr std::size_t kRoleCount = 6;
extern const std::array<Role, kRoleCount> roles;

}  // namespace curvecp::bench
