// Which connections an operator means: one by its number, or all with a key or an address.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/keys.hpp"

#include <variant>

namespace curvecp::daemon {

class ConnectionSelector {
  public:
    // A number, 64 hex digits, an IP address, or an address with its port as to_text() writes it.
    [[nodiscard]] static std::optional<ConnectionSelector> parse(std::string_view text);

    [[nodiscard]] bool matches(std::uint64_t number, const PublicKey& key,
                               const Address& remote) const noexcept;

  private:
    using Meant = std::variant<std::uint64_t, PublicKey, IpAddress, Address>;
    explicit ConnectionSelector(Meant meant) : meant_(meant) {}

    [[nodiscard]] static std::optional<Address> parse_with_port(std::string_view text);

    Meant meant_;
};

}  // namespace curvecp::daemon
