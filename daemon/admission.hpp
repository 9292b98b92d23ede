// How many connections there may be of one address, network or key, and how fast new ones may come.
// Only who was let in is remembered here, so strangers cannot make it grow.
#pragma once

#include "curvecp/core/drop_reason.hpp"
#include "curvecp/core/keyed_hash.hpp"
#include "curvecp/core/time.hpp"
#include "daemon/address_rules.hpp"

#include <unordered_map>

namespace curvecp::daemon {

// Zero is no limit.
struct Limits {
    std::size_t per_address = 0;
    std::size_t per_prefix_v4 = 0;  // of a network of so many bits
    unsigned prefix_v4 = 24;
    std::size_t per_prefix_v6 = 0;
    unsigned prefix_v6 = 56;
    std::size_t per_key = 0;
    std::size_t reserve = 0;  // places of the server that only authorized keys get
    std::size_t rate = 0;     // new connections a second from one address, and as many at once
    bool count_keys = false;  // some keys have a limit of their own

    [[nodiscard]] bool counts_keys() const noexcept { return per_key != 0 || count_keys; }
};

// How many connections each of some things has; those that have none take no room.
template <class Key, class Hash>
class Tally {
  public:
    [[nodiscard]] std::size_t of(const Key& key) const {
        const auto found = counts_.find(key);
        return found == counts_.end() ? 0 : found->second;
    }
    void add(const Key& key) { ++counts_[key]; }
    void remove(const Key& key) noexcept {
        const auto found = counts_.find(key);
        if (found != counts_.end() && --found->second == 0) counts_.erase(found);
    }
    [[nodiscard]] std::size_t size() const noexcept { return counts_.size(); }

  private:
    std::unordered_map<Key, std::uint32_t, Hash> counts_;
};

class RangeHash {
  public:
    [[nodiscard]] std::size_t operator()(const AddressRange& range) const noexcept {
        return hash_.of(range.first.bytes) + range.bits;
    }

  private:
    KeyedHash hash_;
};

// The connections of one service, counted by what limits speak of. A connection that moves is
// counted where it is; only new ones are refused.
class Occupancy {
  public:
    explicit Occupancy(const Limits& limits) : limits_(limits) {}

    // Why nobody new may come from this address; and with this key, of which `max` allows as many.
    [[nodiscard]] std::optional<DropReason> full(const IpAddress& ip) const;
    [[nodiscard]] std::optional<DropReason> full(const PublicKey& client,
                                                 std::optional<std::size_t> max) const;

    void add(const IpAddress& ip, const PublicKey& client);
    void remove(const IpAddress& ip, const PublicKey& client) noexcept;
    void move(const IpAddress& from, const IpAddress& to);

    // How many addresses, networks and keys are remembered.
    [[nodiscard]] std::size_t size() const noexcept {
        return addresses_.size() + prefixes_.size() + keys_.size();
    }

  private:
    [[nodiscard]] std::size_t most_of_network(const IpAddress& ip) const noexcept {
        return ip.is_v4() ? limits_.per_prefix_v4 : limits_.per_prefix_v6;
    }
    [[nodiscard]] AddressRange network(const IpAddress& ip) const noexcept {
        return network_of(ip, limits_.prefix_v4, limits_.prefix_v6);
    }
    void add(const IpAddress& ip);
    void remove(const IpAddress& ip) noexcept;

    Limits limits_;
    Tally<AddressRange, RangeHash> addresses_;
    Tally<AddressRange, RangeHash> prefixes_;
    Tally<PublicKey, KeyedHash> keys_;
};

// New connections of each address: `rate` a second, and as many at once after a pause.
class ArrivalRates {
  public:
    // Ours, because so many addresses in a second are more than a machine can start handlers for.
    static constexpr std::size_t kMostAddresses = 16'384;

    // Nothing is remembered of an address until somebody from there is let in.
    [[nodiscard]] bool allows(TimePoint now, const IpAddress& ip, std::size_t rate) const;
    void add(TimePoint now, const IpAddress& ip, std::size_t rate);
    [[nodiscard]] std::size_t size() const noexcept { return due_.size(); }

  private:
    // When all that came will have been paid for; those whose time is past are forgotten.
    std::unordered_map<AddressRange, TimePoint, RangeHash> due_;
    void forget(TimePoint now);
};

}  // namespace curvecp::daemon
