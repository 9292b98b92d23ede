// The cookies that spare the server all memory of a Hello: the connection's short-term keys, sealed
// under a key that changes every minute. Specification: minute keys.
#pragma once

#include "curvecp/core/packet.hpp"
#include "curvecp/core/state.hpp"

namespace curvecp {

inline constexpr Duration kMinute = std::chrono::seconds(60);  // specification

// Minute keys are numbered; a cookie is good as long as its key is one of the last two.
struct MinuteKeyId {
    std::uint64_t value = 0;
    friend auto operator<=>(MinuteKeyId, MinuteKeyId) noexcept = default;
};

struct CookieContents {
    PublicKey client_short_term;
    SecretKey server_short_term;
    MinuteKeyId minute_key;
};

class CookieJar {
  public:
    explicit CookieJar(TimePoint now);

    // Changes the keys where it is time to, however late; dropped keys are wiped.
    void rotate(TimePoint now);
    [[nodiscard]] TimePoint next_rotation() const noexcept { return next_rotation_; }
    // The older of the keys that open cookies.
    [[nodiscard]] MinuteKeyId oldest() const noexcept { return {newest_.value - 1}; }

    void seal(MutableFixedBytes<SealedCookie::kSize> cookie, const PublicKey& client_short_term,
              const SecretKey& server_short_term, const LongTermNonce& nonce) const noexcept;
    // nullopt where the cookie is forged or its key is gone.
    [[nodiscard]] std::optional<CookieContents> open(
        FixedBytes<SealedCookie::kSize> cookie) const noexcept;

    void save(StateWriter& state) const noexcept;
    // Throws BadState; what is there then must not be used.
    void load(StateReader& state);

  private:
    Locked<std::array<MinuteKey, 2>> keys_;  // by number modulo 2
    MinuteKeyId newest_{1};
    TimePoint next_rotation_;
};

}  // namespace curvecp
