// Frames, the form of messages on a handler's descriptors 8 and 9: one length byte n, 1..68, then
// a message of 16*n bytes. Specification: the handler interface.
#pragma once

#include "curvecp/core/bytes.hpp"

#include <variant>
#include <vector>

namespace curvecp {

inline constexpr std::size_t kMessageUnit = 16;       // specification: messages come in multiples
inline constexpr std::size_t kMaxMessageSize = 1088;  // specification: 68 units
inline constexpr std::size_t kMaxInitiateMessageSize = 640;  // specification: 40 units
inline constexpr std::size_t kMaxFrameSize = 1 + kMaxMessageSize;

// True for 16..1088 in steps of 16.
[[nodiscard]] constexpr bool is_message_size(std::size_t size) noexcept {
    return size != 0 && size <= kMaxMessageSize && size % kMessageUnit == 0;
}

// The length byte in front of a message; its size must be a message's.
[[nodiscard]] constexpr std::uint8_t frame_length_byte(std::size_t message_size) noexcept {
    return static_cast<std::uint8_t>(message_size / kMessageUnit);
}

// The frame of a message that lies inside a packet, in the packet's own place: the length byte goes
// into the byte in front of the message, which is not needed any more. The message does not begin
// the packet.
[[nodiscard]] MutableBytes frame_around(MutableBytes packet, MutableBytes message) noexcept;

// Cuts what is read from a pipe into messages. Between reads it keeps at most one incomplete
// frame, so that many readers can share one large buffer:
//
//     const MutableBytes room = reader.prepare(buffer);
//     reader.received(read(fd, room.data(), room.size()));
//     while (auto* message = std::get_if<MutableBytes>(&(next = reader.next()))) ...
class FrameReader {
  public:
    struct NeedMore {};       // the rest is kept, the buffer is free again
    struct BadLengthByte {};  // 0 or above 68; the reader cannot be used any more
    using Next = std::variant<NeedMore, BadLengthByte, MutableBytes>;

    // Puts the incomplete frame in front of `buffer`, which holds more than kMaxFrameSize bytes,
    // and returns the room behind it.
    [[nodiscard]] MutableBytes prepare(MutableBytes buffer);
    // `size` bytes have been written into the room.
    void received(std::size_t size) noexcept { size_ += size; }
    // The next message, inside the buffer; its length byte is the byte in front of it.
    [[nodiscard]] Next next();

    // The incomplete frame between reads, and the reader that goes on with it.
    [[nodiscard]] Bytes incomplete() const noexcept { return incomplete_; }
    FrameReader() = default;
    explicit FrameReader(std::vector<std::uint8_t> incomplete) noexcept
        : incomplete_(std::move(incomplete)) {}

  private:
    std::vector<std::uint8_t> incomplete_;
    MutableBytes buffer_;
    std::size_t position_ = 0;
    std::size_t size_ = 0;
};

}  // namespace curvecp
