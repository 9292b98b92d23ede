#include "curvecp/core/packet.hpp"

namespace curvecp {
namespace {

// Specification.
constexpr std::string_view kHelloMagic = "QvnQ5XlH";
constexpr std::string_view kCookieMagic = "RL3aNMXK";
constexpr std::string_view kInitiateMagic = "QvnQ5XlI";
constexpr std::string_view kClientMessageMagic = "QvnQ5XlM";
constexpr std::string_view kServerMessageMagic = "RL3aNMXM";

bool has_magic(Bytes datagram, std::string_view magic) noexcept {
    return datagram.size() >= kMagicSize &&
           std::equal(magic.begin(), magic.end(), datagram.begin());
}

void write(std::string_view magic, MutableFixedBytes<kMagicSize> to) noexcept {
    std::copy_n(magic.begin(), kMagicSize, to.begin());
}

// Whether a datagram is a packet with a message of 16..max_message_size bytes.
bool is_size(Bytes datagram, std::size_t overhead, std::size_t max_message_size) noexcept {
    return datagram.size() > overhead && is_message_size(datagram.size() - overhead) &&
           datagram.size() - overhead <= max_message_size;
}

}  // namespace

void write_magic(const Hello& packet) noexcept {
    write(kHelloMagic, field<Hello::Magic>(packet.bytes));
}
void write_magic(const Cookie& packet) noexcept {
    write(kCookieMagic, field<Cookie::Magic>(packet.bytes));
}
void write_magic(const Initiate& packet) noexcept {
    write(kInitiateMagic, field<Initiate::Magic>(packet.bytes));
}
void write_magic(const ClientMessage& packet) noexcept {
    write(kClientMessageMagic, field<ClientMessage::Magic>(packet.bytes));
}
void write_magic(const ServerMessage& packet) noexcept {
    write(kServerMessageMagic, field<ServerMessage::Magic>(packet.bytes));
}

PacketToServer classify_to_server(MutableBytes datagram) noexcept {
    if (has_magic(datagram, kClientMessageMagic)) {
        if (!is_size(datagram, ClientMessage::kOverhead, kMaxMessageSize)) {
            return NotAPacket{Malformed::Message};
        }
        return ClientMessage{datagram};
    }
    if (has_magic(datagram, kInitiateMagic)) {
        if (!is_size(datagram, Initiate::kOverhead, kMaxInitiateMessageSize)) {
            return NotAPacket{Malformed::Initiate};
        }
        return Initiate{datagram};
    }
    if (has_magic(datagram, kHelloMagic)) {
        if (datagram.size() != Hello::kSize) return NotAPacket{Malformed::Hello};
        return Hello{datagram.first<Hello::kSize>()};
    }
    return NotAPacket{};
}

PacketToClient classify_to_client(MutableBytes datagram) noexcept {
    if (has_magic(datagram, kServerMessageMagic)) {
        if (!is_size(datagram, ServerMessage::kOverhead, kMaxMessageSize)) return NotAPacket{};
        return ServerMessage{datagram};
    }
    if (has_magic(datagram, kCookieMagic) && datagram.size() == Cookie::kSize) {
        return Cookie{datagram.first<Cookie::kSize>()};
    }
    return NotAPacket{};
}

Precedence precedence_of(Bytes datagram) noexcept {
    if (has_magic(datagram, kClientMessageMagic)) return Precedence::Connected;
    if (has_magic(datagram, kInitiateMagic)) return Precedence::Initiating;
    return Precedence::Stranger;
}

}  // namespace curvecp
