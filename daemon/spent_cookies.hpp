// A cookie opens one connection, ever: whoever was let in is remembered, connected or not, until
// the minute key of its cookie is gone and the cookie with it. Specification: a cookie is good for
// one connection.
#pragma once

#include "curvecp/core/cookie.hpp"
#include "curvecp/core/keyed_hash.hpp"
#include "daemon/fingerprint_map.hpp"

namespace curvecp::daemon {

class SpentCookies {
  public:
    // Ours, because 2,000 connections a second for a minute are more than a machine starts today.
    static constexpr std::size_t kDefaultCapacity = std::size_t{1} << 17U;

    // `capacity` for each of the two minute keys that are alive at once.
    explicit SpentCookies(std::size_t capacity = kDefaultCapacity) : capacity_(capacity) {}

    // By a keyed fingerprint of 64 bits: of 2^47 clients one is sent away in vain, and nobody can
    // choose who.
    [[nodiscard]] bool contains(const PublicKey& client_short_term) const;
    // Whether another one fits. When none does, connections must be refused: to forget would let a
    // recorded Initiate in again.
    [[nodiscard]] bool full(MinuteKeyId minute_key) const noexcept;
    void insert(const PublicKey& client_short_term, MinuteKeyId minute_key);
    // Forgets the cookies of minute keys before this one.
    void expire(MinuteKeyId oldest);

    void save(StateWriter& state) const;
    // Throws BadState; what is there then must not be used.
    void load(StateReader& state);

  private:
    struct Nothing {};

    std::size_t capacity_;
    KeyedHash fingerprint_;
    std::array<FingerprintMap<Nothing>, 2> spent_;  // by minute key modulo 2
    MinuteKeyId oldest_;
};

}  // namespace curvecp::daemon
