// The five packets and their layouts, as chains of fields. classify_*() checks a datagram's length
// once; after that the type carries it, and field<Hello::Box>(packet) is a span of fixed extent.
// Specification: packets.
#pragma once

#include "curvecp/core/box.hpp"
#include "curvecp/core/frame.hpp"
#include "curvecp/core/server_name.hpp"

#include <variant>

namespace curvecp {

template <std::size_t Offset, std::size_t Size>
struct Field {
    static constexpr std::size_t kOffset = Offset;
    static constexpr std::size_t kSize = Size;
    static constexpr std::size_t kEnd = Offset + Size;
};

// The field of `Size` bytes behind another.
template <class Before, std::size_t Size>
using After = Field<Before::kEnd, Size>;

// A field inside bytes that are long enough: a layout's, or those of a packet that was classified.
template <class F, class Byte, std::size_t Extent>
[[nodiscard]] constexpr std::span<Byte, F::kSize> field(std::span<Byte, Extent> bytes) noexcept {
    return bytes.template subspan<F::kOffset, F::kSize>();
}

inline constexpr std::size_t kMagicSize = 8;
inline constexpr std::size_t kNonceCounterSize = 8;

struct Hello {
    using Magic = Field<0, kMagicSize>;
    using ServerExtension = After<Magic, Extension::kSize>;
    using ClientExtension = After<ServerExtension, Extension::kSize>;
    using ClientShortTerm = After<ClientExtension, kKeySize>;
    using Zeros = After<ClientShortTerm, 64>;
    using NonceTail = After<Zeros, kNonceCounterSize>;
    using Box = After<NonceTail, box_size(64)>;
    static constexpr std::size_t kSize = Box::kEnd;
    static_assert(kSize == 224);
    // The plaintext of its box.
    static constexpr std::array<std::uint8_t, Box::kSize - kBoxOverhead> kPlaintext{};

    MutableFixedBytes<kSize> bytes;
};

// The server's cookie K, which only the server can open.
struct SealedCookie {
    using NonceTail = Field<0, LongTermNonce::kSize>;
    using Box = After<NonceTail, box_size(2 * kKeySize)>;
    static constexpr std::size_t kSize = Box::kEnd;
    static_assert(kSize == 96);
    // The plaintext of its box.
    using ClientShortTerm = Field<0, kKeySize>;
    using ServerShortTermSecret = After<ClientShortTerm, kKeySize>;
    static_assert(ServerShortTermSecret::kEnd + kBoxOverhead == Box::kSize);
};

struct Cookie {
    using Magic = Field<0, kMagicSize>;
    using ClientExtension = After<Magic, Extension::kSize>;
    using ServerExtension = After<ClientExtension, Extension::kSize>;
    using NonceTail = After<ServerExtension, LongTermNonce::kSize>;
    using Box = After<NonceTail, box_size(kKeySize + SealedCookie::kSize)>;
    static constexpr std::size_t kSize = Box::kEnd;
    static_assert(kSize == 200);
    // The plaintext of its box.
    using ServerShortTerm = Field<0, kKeySize>;
    using Sealed = After<ServerShortTerm, SealedCookie::kSize>;
    static_assert(Sealed::kEnd + kBoxOverhead == Box::kSize);

    MutableFixedBytes<kSize> bytes;
};

// The client's proof that its long-term key vouches for its short-term key.
struct Vouch {
    using NonceTail = Field<0, LongTermNonce::kSize>;
    using Box = After<NonceTail, box_size(kKeySize)>;
    static constexpr std::size_t kSize = Box::kEnd;
    static_assert(kSize == 64);
};

struct Initiate {
    using Magic = Field<0, kMagicSize>;
    using ServerExtension = After<Magic, Extension::kSize>;
    using ClientExtension = After<ServerExtension, Extension::kSize>;
    using ClientShortTerm = After<ClientExtension, kKeySize>;
    using Cookie = After<ClientShortTerm, SealedCookie::kSize>;
    using NonceTail = After<Cookie, kNonceCounterSize>;
    static constexpr std::size_t kBoxOffset = NonceTail::kEnd;
    // The plaintext of its box, which ends in the message.
    using ClientLongTerm = Field<0, kKeySize>;
    using VouchField = After<ClientLongTerm, Vouch::kSize>;
    using Name = After<VouchField, ServerName::kSize>;
    static constexpr std::size_t kMessageOffset = Name::kEnd;

    static constexpr std::size_t kOverhead = kBoxOffset + kBoxOverhead + kMessageOffset;
    static_assert(kOverhead == 544);
    static constexpr std::size_t kMaxSize = kOverhead + kMaxInitiateMessageSize;

    MutableBytes bytes;

    [[nodiscard]] MutableBytes box() const noexcept { return bytes.subspan<kBoxOffset>(); }
};

struct ClientMessage {
    using Magic = Field<0, kMagicSize>;
    using ServerExtension = After<Magic, Extension::kSize>;
    using ClientExtension = After<ServerExtension, Extension::kSize>;
    using ClientShortTerm = After<ClientExtension, kKeySize>;
    using NonceTail = After<ClientShortTerm, kNonceCounterSize>;
    static constexpr std::size_t kBoxOffset = NonceTail::kEnd;
    static constexpr std::size_t kOverhead = kBoxOffset + kBoxOverhead;
    static_assert(kOverhead == 96);
    static constexpr std::size_t kMaxSize = kOverhead + kMaxMessageSize;

    MutableBytes bytes;

    [[nodiscard]] MutableBytes box() const noexcept { return bytes.subspan<kBoxOffset>(); }
};

struct ServerMessage {
    using Magic = Field<0, kMagicSize>;
    using ClientExtension = After<Magic, Extension::kSize>;
    using ServerExtension = After<ClientExtension, Extension::kSize>;
    using NonceTail = After<ServerExtension, kNonceCounterSize>;
    static constexpr std::size_t kBoxOffset = NonceTail::kEnd;
    static constexpr std::size_t kOverhead = kBoxOffset + kBoxOverhead;
    static_assert(kOverhead == 64);
    static constexpr std::size_t kMaxSize = kOverhead + kMaxMessageSize;

    MutableBytes bytes;

    [[nodiscard]] MutableBytes box() const noexcept { return bytes.subspan<kBoxOffset>(); }
};

inline constexpr std::size_t kMaxPacketSize = 1184;
static_assert(ClientMessage::kMaxSize == kMaxPacketSize && Initiate::kMaxSize == kMaxPacketSize);

// Every packet begins with a magic of eight bytes.
void write_magic(const Hello& packet) noexcept;
void write_magic(const Cookie& packet) noexcept;
void write_magic(const Initiate& packet) noexcept;
void write_magic(const ClientMessage& packet) noexcept;
void write_magic(const ServerMessage& packet) noexcept;

// The kind that its magic would make it, were its length right; None for a foreign magic.
enum class Malformed : std::uint8_t { None, Hello, Initiate, Message };
struct NotAPacket {
    Malformed kind = Malformed::None;
};

// What a server looks at, and what a client looks at: by magic and by length alone.
using PacketToServer = std::variant<NotAPacket, Hello, Initiate, ClientMessage>;
using PacketToClient = std::variant<NotAPacket, Cookie, ServerMessage>;
[[nodiscard]] PacketToServer classify_to_server(MutableBytes datagram) noexcept;
[[nodiscard]] PacketToClient classify_to_client(MutableBytes datagram) noexcept;

// Who comes first where a server has more datagrams than time: who is connected before who wants
// in, so that a flood of strangers starves nobody.
enum class Precedence : std::uint8_t { Connected, Initiating, Stranger };
[[nodiscard]] Precedence precedence_of(Bytes datagram) noexcept;

}  // namespace curvecp
