// Nonces under long-term keys. They must not repeat across restarts, and should reveal nothing:
// a keyed BLAKE2b of a counter that was reserved on disk and of random bytes. Either alone would
// do; together they survive a weak random generator and a restored snapshot of the disk.
#pragma once

#include "curvecp/core/nonce.hpp"

namespace curvecp {

class LongTermNonces {
  public:
    // Has no counters to use until add_block().
    explicit LongTermNonces(Locked<NonceKey> key) : key_(std::move(key)) {}

    // Counters first..first+count-1 are reserved for this process (see posix/key_directory). The
    // rest of the block before is given up.
    void add_block(std::uint64_t first, std::uint64_t count) noexcept {
        next_ = first;
        left_ = count;
    }
    [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
    // The first of those that are left.
    [[nodiscard]] std::uint64_t upcoming() const noexcept { return next_; }
    // nullopt where the reserved counters are used up.
    [[nodiscard]] std::optional<LongTermNonce> next() noexcept;

  private:
    Locked<NonceKey> key_;
    std::uint64_t next_ = 0;
    std::uint64_t left_ = 0;
};

}  // namespace curvecp
