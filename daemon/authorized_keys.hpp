// The clients that may connect, by their long-term keys: one a line, with what is special of it.
//
//     # who
//     64 hex digits [options] [comment]
//
// Options are name="..." (CURVECPREMOTENAME), from="CIDR,...", max=N, expires=2027-01-31 (its last
// day, UTC), env="NAME=value" (any number of them), command="..." (for /bin/sh, instead of the
// program). A value with blanks stands in quotes, in which \" and \\ are the quote and the
// backslash. A comment begins with # or with the first word that has no `=`.
#pragma once

#include "curvecp/core/keyed_hash.hpp"
#include "curvecp/core/wall_time.hpp"
#include "daemon/address_rules.hpp"

#include <unordered_map>
#include <variant>

namespace curvecp::daemon {

// Days since 1970-01-01, UTC.
using Day = std::int32_t;
[[nodiscard]] constexpr Day day_of(WallTime time) noexcept {
    return static_cast<Day>(time.since_1970 / std::chrono::hours(24));
}

struct AuthorizedKey {
    std::string name;
    std::vector<AddressRange> from;  // empty: from anywhere
    std::optional<std::uint32_t> max;
    std::optional<Day> last_day;
    std::vector<std::string> environment;  // NAME=value
    std::string command;                   // empty: the program
    std::size_t line = 0;

    [[nodiscard]] bool is_from(const IpAddress& ip) const noexcept;
    [[nodiscard]] bool is_expired(Day today) const noexcept {
        return last_day && *last_day < today;
    }
};

class AuthorizedKeys {
  public:
    [[nodiscard]] const AuthorizedKey* find(const PublicKey& client) const {
        const auto found = keys_.find(client);
        return found == keys_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
    // False, and nothing changed, where the key is there already.
    bool add(const PublicKey& client, AuthorizedKey key) {
        limit_any_ = limit_any_ || key.max;
        return keys_.emplace(client, std::move(key)).second;
    }
    template <class Visit>
    void visit_all(Visit visit) const {
        for (const auto& [client, key] : keys_) visit(client, key);
    }
    // Whether some key may only have so many connections.
    [[nodiscard]] bool limit_any() const noexcept { return limit_any_; }

  private:
    bool limit_any_ = false;
    std::unordered_map<PublicKey, AuthorizedKey, KeyedHash> keys_;
};

// What is wrong with a file, and where; lines count from 1.
struct RuleError {
    std::size_t line = 0;
    std::string reason;
};

// All or nothing: a bad line never opens the door.
[[nodiscard]] std::variant<AuthorizedKeys, RuleError> parse_authorized_keys(std::string_view text);

// A variable for a program's environment, NAME=value: a name in the usual form, which is none of
// those that tell of the connection, and a value without control characters.
[[nodiscard]] bool is_variable(std::string_view text) noexcept;
// Not empty, and fit for a log line: no control characters, at most 255 bytes.
[[nodiscard]] bool is_client_name(std::string_view text) noexcept;

}  // namespace curvecp::daemon
