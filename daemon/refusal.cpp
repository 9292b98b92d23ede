#include "daemon/refusal.hpp"

#include "curvecp/core/endian.hpp"

namespace curvecp::daemon {
namespace {

// Specification: messages. The rest of the message is zeros.
using MessageId = Field<0, 4>;
using SizeAndFlags = Field<38, 2>;
constexpr std::uint16_t kFailure = 4096;

}  // namespace

void write_refusal(const AcceptedInitiate& client, const Extension& server_extension,
                   MutableFixedBytes<kRefusalSize> packet) noexcept {
    const ServerMessage sealed{packet};
    write_magic(sealed);
    copy(client.client_extension.bytes(), field<ServerMessage::ClientExtension>(packet));
    copy(server_extension.bytes(), field<ServerMessage::ServerExtension>(packet));
    std::array<std::uint8_t, kRefusalMessageSize> message{};
    store_le(std::uint32_t{1}, field<MessageId>(std::span(message)));
    store_le(kFailure, field<SizeAndFlags>(std::span(message)));
    const NonceCounter nonce = NonceSequence::random().next().value_or(NonceCounter{});
    nonce.store(field<ServerMessage::NonceTail>(packet));
    seal(sealed.box(), message, make_nonce(CountedBox::ServerMessage, nonce),
         client.client_short_server_short);
}

}  // namespace curvecp::daemon
