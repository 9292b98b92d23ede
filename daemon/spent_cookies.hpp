// A cookie opens one connection, ever: whoever was let in is remembered, connected or not, until
// the minute key of its cookie is gone and the cookie with it. Specification: a cookie is good for
// one connection.
#pragma once

#include "curvecp/core/cookie.hpp"
#include "curvecp/core/keyed_hash.hpp"

#include <unordered_set>

namespace curvecp::daemon {

class SpentCookies {
  public:
    // Ours, because 2,000 connections a second for a minute are more than a machine starts today.
    static constexpr std::size_t kDefaultCapacity = std::size_t{1} << 17U;

    // `capacity` for each of the two minute keys that are alive at once.
    explicit SpentCookies(std::size_t capacity = kDefaultCapacity) : capacity_(capacity) {}

    [[nodiscard]] bool contains(const PublicKey& client_short_term) const;
    // Whether another one fits. When none does, connections must be refused: to forget would let a
    // recorded Initiate in again.
    [[nodiscard]] bool full(MinuteKeyId minute_key) const noexcept;
    void insert(const PublicKey& client_short_term, MinuteKeyId minute_key);
    // Forgets the cookies of minute keys before this one.
    void expire(MinuteKeyId oldest);

  private:
    using Clients = std::unordered_set<PublicKey, KeyedHash>;

    std::size_t capacity_;
    std::array<Clients, 2> spent_;  // by minute key modulo 2
    MinuteKeyId oldest_;
};

}  // namespace curvecp::daemon
