#include "curvecp/core/cookie.hpp"

#include "curvecp/core/random.hpp"

namespace curvecp {
namespace {

// The plaintext of a cookie holds s'.
using CookiePlaintext = Secret<struct CookiePlaintextTag, 2 * kKeySize>;

MinuteKey make_minute_key() noexcept {
    MinuteKey key;
    fill_random(key.reveal());
    return key;
}

}  // namespace

CookieJar::CookieJar(TimePoint now)
    : keys_(std::array{make_minute_key(), make_minute_key()}), next_rotation_(now + kMinute) {}

void CookieJar::rotate(TimePoint now) {
    while (now >= next_rotation_) {
        ++newest_.value;
        (*keys_)[newest_.value % 2] = make_minute_key();
        // After a long sleep two rotations have changed both keys, and the clock starts afresh.
        next_rotation_ = std::max(next_rotation_ + kMinute, now - kMinute);
    }
}

void CookieJar::seal(MutableFixedBytes<SealedCookie::kSize> cookie,
                     const PublicKey& client_short_term, const SecretKey& server_short_term,
                     const LongTermNonce& nonce) const noexcept {
    CookiePlaintext plaintext;
    copy(client_short_term.bytes(), field<SealedCookie::ClientShortTerm>(plaintext.reveal()));
    copy(server_short_term.reveal(),
         field<SealedCookie::ServerShortTermSecret>(plaintext.reveal()));
    copy(nonce.bytes(), field<SealedCookie::NonceTail>(cookie));
    curvecp::seal(field<SealedCookie::Box>(cookie), plaintext.reveal(),
                  make_nonce(LongTermBox::MinuteCookie, nonce), (*keys_)[newest_.value % 2]);
}

std::optional<CookieContents> CookieJar::open(
    FixedBytes<SealedCookie::kSize> cookie) const noexcept {
    const Nonce nonce = make_nonce(LongTermBox::MinuteCookie,
                                   LongTermNonce(field<SealedCookie::NonceTail>(cookie)));
    CookiePlaintext plaintext;
    for (const MinuteKeyId id : {newest_, oldest()}) {
        if (!curvecp::open(plaintext.reveal(), field<SealedCookie::Box>(cookie), nonce,
                           (*keys_)[id.value % 2])) {
            continue;
        }
        const Bytes opened = plaintext.reveal();
        return CookieContents{PublicKey(field<SealedCookie::ClientShortTerm>(opened)),
                              SecretKey(field<SealedCookie::ServerShortTermSecret>(opened)), id};
    }
    return std::nullopt;
}

void CookieJar::save(StateWriter& state) const noexcept {
    for (const MinuteKey& key : *keys_) state.put(key.reveal());
    state.put_number(newest_.value);
    state.put_time(next_rotation_);
}

void CookieJar::load(StateReader& state) {
    for (MinuteKey& key : *keys_) state.get(key.reveal());
    newest_ = {state.get_number()};
    next_rotation_ = state.get_time();
}

}  // namespace curvecp
