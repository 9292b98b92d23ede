// Who is connected: found by the client's short-term key, which the client chooses, hence the keyed
// fingerprint; and by an id, which a loop keeps beside the handler's pipes.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/connection.hpp"
#include "curvecp/core/keyed_hash.hpp"
#include "curvecp/core/time.hpp"
#include "daemon/fingerprint_map.hpp"

#include <vector>

namespace curvecp::daemon {

// One client's connection.
struct ClientConnection {
    Connection secured;
    PublicKey client_short_term;
    PublicKey client_long_term;
    // Where answers go: the way that the newest authenticated packet came.
    Path path;
    Extension client_extension;
    // Counts the server's connections from 1.
    std::uint64_t number = 0;
    // Its service, see service.hpp.
    std::uint32_t service = 0;
    // When something was heard from the client or its handler last.
    TimePoint active{};
    // When it may change its address as often as it could at its start.
    TimePoint moves_full{};
};

// A place in the table. It is given to another connection after this one ended, so an id is good
// only as long as its connection.
struct ConnectionId {
    std::uint32_t slot = 0;
    friend auto operator<=>(ConnectionId, ConnectionId) noexcept = default;
};

class ConnectionTable {
  public:
    // Of a fingerprint, these bits are used: fewer than all are for tests alone.
    explicit ConnectionTable(std::size_t capacity,
                             std::uint64_t fingerprint_bits = ~std::uint64_t{0})
        : capacity_(capacity), fingerprint_bits_(fingerprint_bits) {
        free_slots_.reserve(capacity);  // so that no erase() needs memory
        slots_.reserve(capacity);       // which is touched when it is needed only
    }

    [[nodiscard]] std::size_t size() const noexcept { return by_key_.size(); }
    [[nodiscard]] bool full() const noexcept { return size() >= capacity_; }
    [[nodiscard]] std::size_t left() const noexcept { return capacity_ - size(); }

    [[nodiscard]] std::optional<ConnectionId> find(const PublicKey& client_short_term) const;
    // References are good until the next insert() or erase().
    [[nodiscard]] ClientConnection& operator[](ConnectionId id) noexcept {
        return *slots_[id.slot];
    }
    [[nodiscard]] const ClientConnection& operator[](ConnectionId id) const noexcept {
        return *slots_[id.slot];
    }

    // The table must not be full, and the client not in it. Out of memory, it is unchanged.
    ConnectionId insert(ClientConnection connection);
    void erase(ConnectionId id);

    // In the order of their slots.
    template <class Visit>
    void visit_all(Visit visit) const {
        for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
            if (slots_[slot]) visit(ConnectionId{slot}, *slots_[slot]);
        }
    }

  private:
    [[nodiscard]] std::uint64_t fingerprint_of(const PublicKey& client_short_term) const noexcept {
        return hash_(client_short_term) & fingerprint_bits_;
    }
    // Clients with one fingerprint are told apart by their whole keys.
    [[nodiscard]] auto is(const PublicKey& client_short_term) const noexcept {
        return [&](std::uint32_t slot) {
            return slots_[slot]->client_short_term == client_short_term;
        };
    }

    std::size_t capacity_;
    std::uint64_t fingerprint_bits_;
    KeyedHash hash_;
    FingerprintMap<std::uint32_t> by_key_;
    std::vector<std::optional<ClientConnection>> slots_;
    std::vector<std::uint32_t> free_slots_;
};

}  // namespace curvecp::daemon
