#include "curvecp/core/server_handshake.hpp"

namespace curvecp {
namespace {

bool proves_short_term_key(const Hello& hello, const SharedKey& client_short_server_long) noexcept {
    const Nonce nonce =
        make_nonce(CountedBox::Hello, NonceCounter::load(field<Hello::NonceTail>(hello.bytes)));
    auto plaintext = Hello::kPlaintext;
    return open(plaintext, field<Hello::Box>(hello.bytes), nonce, client_short_server_long) &&
           equal_in_constant_time(plaintext, Hello::kPlaintext);
}

// Whether the long-term key vouches for the short-term key.
bool vouches(FixedBytes<Vouch::kSize> vouch, const PublicKey& client_long_term,
             const PublicKey& client_short_term, const SecretKey& server_long_term) noexcept {
    const auto client_long_server_long = make_shared_key(client_long_term, server_long_term);
    if (!client_long_server_long) return false;
    const Bytes bytes = vouch;
    const Nonce nonce =
        make_nonce(LongTermBox::Vouch, LongTermNonce(field<Vouch::NonceTail>(bytes)));
    PublicKey vouched;
    return open(vouched.bytes(), field<Vouch::Box>(bytes), nonce, *client_long_server_long) &&
           equal_in_constant_time(vouched.bytes(), client_short_term.bytes());
}

}  // namespace

std::optional<DropReason> answer_hello(const Hello& hello, const Extension& server_extension,
                                       const SecretKey& server_long_term, const CookieJar& jar,
                                       LongTermNonces& nonces, const Cookie& answer) noexcept {
    if (Extension(field<Hello::ServerExtension>(hello.bytes)) != server_extension) {
        return DropReason::WrongExtension;
    }
    const PublicKey client_short_term(field<Hello::ClientShortTerm>(hello.bytes));
    const auto client_short_server_long = make_shared_key(client_short_term, server_long_term);
    if (!client_short_server_long || !proves_short_term_key(hello, *client_short_server_long)) {
        return DropReason::BadHello;
    }
    const auto nonce = nonces.next();
    if (!nonce) return DropReason::NoNonces;

    const KeyPair server_short_term = make_key_pair();
    write_magic(answer);
    copy(field<Hello::ClientExtension>(hello.bytes), field<Cookie::ClientExtension>(answer.bytes));
    copy(server_extension.bytes(), field<Cookie::ServerExtension>(answer.bytes));
    copy(nonce->bytes(), field<Cookie::NonceTail>(answer.bytes));
    const MutableBytes box = field<Cookie::Box>(answer.bytes);
    const MutableBytes plaintext = box.subspan(kBoxOverhead);
    copy(server_short_term.public_key.bytes(), field<Cookie::ServerShortTerm>(plaintext));
    jar.seal(field<Cookie::Sealed>(plaintext), client_short_term, server_short_term.secret_key,
             *nonce);
    seal(box, plaintext, make_nonce(LongTermBox::Cookie, *nonce), *client_short_server_long);
    return std::nullopt;
}

std::variant<OpenedInitiate, DropReason> open_initiate(const Initiate& initiate,
                                                       const CookieJar& jar) noexcept {
    const PublicKey client_short_term(field<Initiate::ClientShortTerm>(initiate.bytes));
    const auto cookie = jar.open(field<Initiate::Cookie>(initiate.bytes));
    if (!cookie) return DropReason::CookieExpired;
    if (!equal_in_constant_time(cookie->client_short_term.bytes(), client_short_term.bytes())) {
        return DropReason::BadCookie;
    }
    auto client_short_server_short = make_shared_key(client_short_term, cookie->server_short_term);
    if (!client_short_server_short) return DropReason::BadInitiate;
    const auto nonce = NonceCounter::load(field<Initiate::NonceTail>(initiate.bytes));
    const auto plaintext = open_in_place(initiate.box(), make_nonce(CountedBox::Initiate, nonce),
                                         *client_short_server_short);
    if (!plaintext) return DropReason::BadInitiate;
    return OpenedInitiate{
        AcceptedInitiate{client_short_term, PublicKey(field<Initiate::ClientLongTerm>(*plaintext)),
                         Extension(field<Initiate::ClientExtension>(initiate.bytes)),
                         std::move(*client_short_server_short), cookie->minute_key, nonce,
                         plaintext->subspan(Initiate::kMessageOffset)},
        field<Initiate::Name>(*plaintext), field<Initiate::VouchField>(*plaintext)};
}

bool is_vouched(const OpenedInitiate& opened, const SecretKey& server_long_term) noexcept {
    return vouches(opened.vouch, opened.claims.client_long_term, opened.claims.client_short_term,
                   server_long_term);
}

std::variant<AcceptedInitiate, DropReason> accept_initiate(const Initiate& initiate,
                                                           const ServerIdentity& identity,
                                                           const CookieJar& jar) noexcept {
    if (Extension(field<Initiate::ServerExtension>(initiate.bytes)) != identity.extension) {
        return DropReason::WrongExtension;
    }
    auto result = open_initiate(initiate, jar);
    if (const auto* reason = std::get_if<DropReason>(&result)) return *reason;
    auto* const opened = std::get_if<OpenedInitiate>(&result);
    if (opened == nullptr || !equal_in_constant_time(opened->name, identity.name.bytes())) {
        return DropReason::WrongServerName;
    }
    if (!is_vouched(*opened, *identity.long_term)) return DropReason::BadVouch;
    return std::move(opened->claims);
}

}  // namespace curvecp
