// Which addresses may connect: ranges in CIDR form, of which the longest that fits decides. Without
// a rule everybody may. With any range that is accepted, what no range names is denied.
#pragma once

#include "curvecp/core/address.hpp"

#include <vector>

namespace curvecp::daemon {

// All addresses of one family that begin with the same bits. IPv4 is held in its mapped form, so
// that ::ffff:192.0.2.0/120 is 192.0.2.0/24; but ::/0 is every IPv6 address and no IPv4 one.
struct AddressRange {
    IpAddress first;
    unsigned bits = 0;  // 0..128; of an IPv4 range 96..128

    [[nodiscard]] bool contains(const IpAddress& ip) const noexcept;
    friend bool operator==(const AddressRange&, const AddressRange&) noexcept = default;
};

// 192.0.2.0/24, 2001:db8::/32, or one address without a length. Nullopt for anything else, also
// where bits behind the length are set: 192.0.2.1/24 is a slip.
[[nodiscard]] std::optional<AddressRange> parse_range(std::string_view text);

// The range of the first bits of an address: `v4_bits` of 32 or `v6_bits` of 128.
[[nodiscard]] AddressRange network_of(const IpAddress& ip, unsigned v4_bits,
                                      unsigned v6_bits) noexcept;

class AddressRules {
  public:
    void accept(const AddressRange& range) { add({range, true}); }
    void deny(const AddressRange& range) { add({range, false}); }

    [[nodiscard]] bool allows(const IpAddress& ip) const noexcept;
    [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }

  private:
    struct Rule {
        AddressRange range;
        bool accepted;
    };
    void add(const Rule& rule);

    std::vector<Rule> rules_;  // the longest first; of equal ones the denied first
    bool any_accepted_ = false;
};

}  // namespace curvecp::daemon
