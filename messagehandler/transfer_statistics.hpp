// What a connection's sender has done, for the log.
#pragma once

#include <cstdint>

namespace curvecp::messagehandler {

struct TransferStatistics {
    std::uint64_t blocks = 0;         // transmissions of blocks
    std::uint64_t retransmitted = 0;  // those that were not the block's first
    std::uint64_t lost = 0;           // transmissions that were taken for lost
    std::uint64_t spurious = 0;       // of these, arrived after all
};

}  // namespace curvecp::messagehandler
