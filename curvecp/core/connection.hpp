// An established connection: the shared key, our nonces, and which of theirs we have seen. The same
// on both sides; what a packet is around the box is the caller's.
#pragma once

#include "curvecp/core/box.hpp"
#include "curvecp/core/drop_reason.hpp"
#include "curvecp/core/key_arena.hpp"
#include "curvecp/core/replay_window.hpp"

#include <variant>

namespace curvecp {

class Connection {
  public:
    Connection(ArenaKey key, NonceSequence nonces) noexcept
        : key_(std::move(key)), nonces_(nonces) {}

    struct Opened {
        MutableBytes plaintext;  // in the box's place, behind kBoxOverhead bytes
        bool newest;             // above all nonces seen before: the sender is where it came from
    };
    // Opens a packet's box in its place. Drops what was seen before it decrypts, remembers the
    // nonce only after that.
    [[nodiscard]] std::variant<Opened, DropReason> open(CountedBox kind, NonceCounter nonce,
                                                        MutableBytes box) noexcept;

    // Takes the next nonce and seals a packet's box (see seal() in box.hpp). False, and nothing
    // written, where the nonces are used up: the connection is over.
    [[nodiscard]] bool seal(CountedBox kind, MutableFixedBytes<8> nonce, MutableBytes box,
                            Bytes plaintext) noexcept;

    // Counts a nonce as seen whose packet was opened elsewhere: the Initiate that began this.
    void accept(NonceCounter nonce) noexcept { seen_.accept(nonce); }

    void save(StateWriter& state) const noexcept;
    // The key goes into the arena. Throws BadState, also where that is full.
    [[nodiscard]] static Connection load(StateReader& state, KeyArena& keys);

  private:
    ArenaKey key_;
    NonceSequence nonces_;
    ReplayWindow seen_;
};

}  // namespace curvecp
