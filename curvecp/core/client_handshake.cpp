#include "curvecp/core/client_handshake.hpp"

namespace curvecp {
namespace {

void write_vouch(MutableFixedBytes<Vouch::kSize> vouch, const PublicKey& client_short_term,
                 const LongTermNonce& nonce, const SharedKey& client_long_server_long) noexcept {
    const MutableBytes bytes = vouch;
    copy(nonce.bytes(), field<Vouch::NonceTail>(bytes));
    seal(field<Vouch::Box>(bytes), client_short_term.bytes(), make_nonce(LongTermBox::Vouch, nonce),
         client_long_server_long);
}

bool is_one_of(const Extension& extension, std::span<const Extension> candidates) noexcept {
    return std::find(candidates.begin(), candidates.end(), extension) != candidates.end();
}

}  // namespace

bool ClientInitiation::write(Connection& connection, const Extension& client_extension,
                             Bytes message, const Initiate& packet) const noexcept {
    write_magic(packet);
    copy(server_extension_.bytes(), field<Initiate::ServerExtension>(packet.bytes));
    copy(client_extension.bytes(), field<Initiate::ClientExtension>(packet.bytes));
    copy(client_short_term_.bytes(), field<Initiate::ClientShortTerm>(packet.bytes));
    copy(cookie_.reveal(), field<Initiate::Cookie>(packet.bytes));
    const MutableBytes plaintext = packet.box().subspan(kBoxOverhead);
    copy(introduction_.reveal(), plaintext.first<Initiate::kMessageOffset>());
    std::copy(message.begin(), message.end(),
              plaintext.subspan<Initiate::kMessageOffset>().begin());
    return connection.seal(CountedBox::Initiate, field<Initiate::NonceTail>(packet.bytes),
                           packet.box(), plaintext);
}

std::optional<ClientGreeting> ClientGreeting::start(ServerContact server) {
    KeyPair client_short_term = make_key_pair();
    auto shared = make_shared_key(server.long_term, client_short_term.secret_key);
    if (!shared) return std::nullopt;
    return ClientGreeting(std::move(server), std::move(client_short_term), std::move(*shared));
}

ClientGreeting::ClientGreeting(ServerContact server, KeyPair client_short_term,
                               SharedKey client_short_server_long)
    : server_(std::move(server)),
      client_short_term_(std::move(client_short_term)),
      client_short_server_long_(std::move(client_short_server_long)) {}

void ClientGreeting::write_hello(const Extension& client_extension, const Hello& packet) noexcept {
    write_magic(packet);
    copy(server_.extension.bytes(), field<Hello::ServerExtension>(packet.bytes));
    copy(client_extension.bytes(), field<Hello::ClientExtension>(packet.bytes));
    copy(client_short_term_->public_key.bytes(), field<Hello::ClientShortTerm>(packet.bytes));
    const auto zeros = field<Hello::Zeros>(packet.bytes);
    std::fill(zeros.begin(), zeros.end(), std::uint8_t{0});
    // It starts below 2^48 and there are a few Hellos: it never ends here.
    const NonceCounter nonce = nonces_.next().value_or(NonceCounter{});
    nonce.store(field<Hello::NonceTail>(packet.bytes));
    seal(field<Hello::Box>(packet.bytes), Hello::kPlaintext, make_nonce(CountedBox::Hello, nonce),
         *client_short_server_long_);
}

std::optional<ClientGreeting::Answered> ClientGreeting::on_cookie(
    const Cookie& cookie, std::span<const Extension> client_extensions,
    const ClientIdentity& identity, LongTermNonces& nonces, KeyArena& arena) {
    if (Extension(field<Cookie::ServerExtension>(cookie.bytes)) != server_.extension ||
        !is_one_of(Extension(field<Cookie::ClientExtension>(cookie.bytes)), client_extensions)) {
        return std::nullopt;
    }
    const Nonce nonce =
        make_nonce(LongTermBox::Cookie, LongTermNonce(field<Cookie::NonceTail>(cookie.bytes)));
    const auto plaintext =
        open_in_place(field<Cookie::Box>(cookie.bytes), nonce, *client_short_server_long_);
    if (!plaintext) return std::nullopt;
    auto client_short_server_short = make_shared_key(
        PublicKey(field<Cookie::ServerShortTerm>(*plaintext)), client_short_term_->secret_key);
    const auto client_long_server_long = make_shared_key(server_.long_term, *identity.secret_key);
    if (!client_short_server_short || !client_long_server_long) return std::nullopt;
    const auto vouch_nonce = nonces.next();
    if (!vouch_nonce) return std::nullopt;
    auto key = arena.store(std::move(*client_short_server_short));
    if (!key) return std::nullopt;

    ClientInitiation initiation;
    initiation.client_short_term_ = client_short_term_->public_key;
    initiation.server_extension_ = server_.extension;
    copy(field<Cookie::Sealed>(*plaintext), initiation.cookie_.reveal());
    const MutableBytes introduction = initiation.introduction_.reveal();
    copy(identity.public_key->bytes(), field<Initiate::ClientLongTerm>(introduction));
    copy(server_.name->bytes(), field<Initiate::Name>(introduction));
    write_vouch(field<Initiate::VouchField>(introduction), initiation.client_short_term_,
                *vouch_nonce, *client_long_server_long);
    wipe(*plaintext);
    return Answered{std::move(initiation), Connection(std::move(*key), nonces_),
                    client_short_term_->public_key};
}

}  // namespace curvecp
