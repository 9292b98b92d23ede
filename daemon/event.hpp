// What the server tells those who watch it, and each event's line of JSON. The names, their order
// and the fields are version 1: fields may be added, nothing else changes. Manual: curvecp-events.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/drop_reason.hpp"
#include "curvecp/core/wall_time.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace curvecp::daemon {

enum class EventKind : std::uint8_t {
    Listening,
    BindFailed,  // errno
    HandshakeSucceeded,
    HandshakeFailedProtocol,
    HandshakeFailedAuth,      // 300 not now, 400 refused, 500 the authorizer failed
    HandshakeFailedNoDetail,  // errno
    Accepted,
    AcceptFailed,  // errno
    LimitReached,
    ProgramStarted,
    AddressChanged,
    ProgramExited,
    Closed,        // by the handler
    Disconnected,  // by the server
    RulesReloaded,
    MonitorStopped,
};

inline constexpr std::size_t kEventKinds = static_cast<std::size_t>(EventKind::MonitorStopped) + 1;

[[nodiscard]] std::string_view to_text(EventKind kind) noexcept;

// Which events somebody wants.
class EventMask {
  public:
    [[nodiscard]] static constexpr EventMask all() noexcept { return EventMask(~0U); }
    [[nodiscard]] static constexpr EventMask none() noexcept { return EventMask(0); }

    constexpr void add(EventKind kind) noexcept { bits_ |= bit(kind); }
    constexpr void add(EventMask other) noexcept { bits_ |= other.bits_; }
    [[nodiscard]] constexpr bool contains(EventKind kind) const noexcept {
        return (bits_ & bit(kind)) != 0;
    }
    friend bool operator==(EventMask, EventMask) noexcept = default;

  private:
    constexpr explicit EventMask(std::uint32_t bits) noexcept : bits_(bits) {}
    [[nodiscard]] static constexpr std::uint32_t bit(EventKind kind) noexcept {
        return 1U << static_cast<unsigned>(kind);
    }
    static_assert(kEventKinds <= 32);

    std::uint32_t bits_;
};

// A list of names with blanks or commas between; all where it is empty. The name that there is not,
// as a part of the text, where it has one.
[[nodiscard]] std::variant<EventMask, std::string_view> parse_event_mask(
    std::string_view text) noexcept;

// How a program, or the handler in its place, ended, and what its connection carried.
struct ProgramEnd {
    std::optional<int> signal;
    std::uint64_t bytes_in = 0;   // message bytes from the client
    std::uint64_t bytes_out = 0;  // message bytes to the client
    Duration duration{};
};

using EventValue = std::variant<std::monostate, std::int64_t, std::string_view>;

struct Event {
    EventKind kind{};
    std::optional<Address> local{};
    std::optional<Address> remote{};
    std::string_view service{};
    std::uint64_t connection = 0;  // its number; 0 for none
    EventValue value{};
    std::uint64_t count = 1;  // how often it happened since it was told last
    std::optional<ProgramEnd> program{};
};

// One object without an end of line.
[[nodiscard]] std::string to_json(const Event& event, WallTime time);
// What a reader is told that was too slow for `lost` events.
[[nodiscard]] std::string lost_events_json(std::uint64_t lost, WallTime time);

// What the dropping of a packet says to those who watch.
struct DropEvent {
    EventKind kind;
    EventValue value;
};
// nullopt for what happens in any network, and for what is told with its errno where it happens.
[[nodiscard]] std::optional<DropEvent> event_of(DropReason reason) noexcept;

}  // namespace curvecp::daemon
