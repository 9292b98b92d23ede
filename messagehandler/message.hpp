// Messages, as they are in the boxes of packets: 48 bytes of header, padding, a block.
// Specification: messages. Whatever a peer sends is checked here once.
#pragma once

#include "curvecp/core/packet.hpp"
#include "curvecp/core/time.hpp"
#include "messagehandler/position.hpp"

#include <optional>

namespace curvecp::messagehandler {

struct MessageLayout {
    using Id = Field<0, 4>;
    using AcknowledgedId = After<Id, 4>;
    using FirstRange = After<AcknowledgedId, 8>;
    using Gap2 = After<FirstRange, 4>;
    using Size2 = After<Gap2, 2>;
    using Gap3 = After<Size2, 2>;
    using Size3 = After<Gap3, 2>;
    using Gap4 = After<Size3, 2>;
    using Size4 = After<Gap4, 2>;
    using Gap5 = After<Size4, 2>;
    using Size5 = After<Gap5, 2>;
    using Gap6 = After<Size5, 2>;
    using Size6 = After<Gap6, 2>;
    using BlockSizeAndFlags = After<Size6, 2>;
    using Position = After<BlockSizeAndFlags, 8>;
    static constexpr std::size_t kHeaderSize = Position::kEnd;
    static_assert(kHeaderSize == 48);
};

// Specification: the receive limit, this project's extension, in the padding of a message.
struct ReceiveLimitLayout {
    using Magic = Field<MessageLayout::kHeaderSize, 4>;
    using Delay = After<Magic, 4>;
    using Limit = After<Delay, 8>;
    static constexpr std::size_t kSize = Limit::kEnd - MessageLayout::kHeaderSize;
    static_assert(kSize == 16);
};

inline constexpr std::size_t kMaxBlockSize = 1024;  // specification
// Specification: a client's blocks, until a message has come from the server.
inline constexpr std::size_t kMaxFirstBlockSize = 512;
inline constexpr std::size_t kMaxRanges = 6;  // specification
// Ours: what a range but the first can name, cut so that it ends where full blocks end.
inline constexpr std::uint64_t kMaxRangeSize = 63 * kMaxBlockSize;

// Specification: fresh for every transmission; 0 for a pure acknowledgment.
enum class MessageId : std::uint32_t {};
inline constexpr MessageId kNoId{0};

// What a receiver has: sorted, the first from position 0. None is empty except the first.
struct AcknowledgedRanges {
    std::array<Range, kMaxRanges> ranges{};
    std::size_t count = 0;

    void add(Range range) { ranges[count++] = range; }
    [[nodiscard]] std::span<const Range> view() const { return std::span(ranges).first(count); }
};

// How far the receiver buffers, and how long it kept the message whose id it acknowledges.
struct ReceiveLimit {
    std::optional<Duration> delay;  // whole microseconds on the wire
    StreamPosition limit;           // the first position that would not be buffered
};

struct MessageHeader {
    MessageId id = kNoId;
    MessageId acknowledged_id = kNoId;
    AcknowledgedRanges acknowledged;
    std::optional<Ending> ending;
    StreamPosition position;
    std::size_t block_size = 0;
    std::optional<ReceiveLimit> receive_limit{};

    // Asks for nothing but an answer.
    [[nodiscard]] bool is_ping() const { return id != kNoId && block_size == 0 && !ending; }
};

struct Message {
    MessageHeader header;
    Bytes block;  // inside the message that was decoded
};

// Nullopt for what is to be ignored: a size that is no message's, a block that does not fit into
// the message or passes the largest position. Ranges that wrap are left out.
[[nodiscard]] std::optional<Message> decode(Bytes message);

// 192, 320, 576 or 1088: fixed sizes reveal less. There is always room for the receive limit.
[[nodiscard]] std::size_t padded_size(std::size_t block_size);

struct Encoded {
    std::size_t size;    // of the message
    MutableBytes block;  // the place for the block's bytes
};

// Writes header and padding. A range is cut at 65,535 bytes; the list ends where a gap does not
// fit.
[[nodiscard]] Encoded encode(const MessageHeader& header, MutableFixedBytes<kMaxMessageSize> out);

}  // namespace curvecp::messagehandler
