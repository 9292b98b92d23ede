// Who is connected: found by the client's short-term key, which the client chooses, hence the keyed
// hash; and by an id, which a loop keeps beside the handler's pipes.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/connection.hpp"
#include "curvecp/core/keyed_hash.hpp"

#include <unordered_map>
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
};

// A place in the table. It is given to another connection after this one ended, so an id is good
// only as long as its connection.
struct ConnectionId {
    std::uint32_t slot = 0;
    friend auto operator<=>(ConnectionId, ConnectionId) noexcept = default;
};

class ConnectionTable {
  public:
    explicit ConnectionTable(std::size_t capacity) : capacity_(capacity) {
        free_slots_.reserve(capacity);  // so that no erase() needs memory
    }

    [[nodiscard]] std::size_t size() const noexcept { return by_key_.size(); }
    [[nodiscard]] bool full() const noexcept { return size() >= capacity_; }

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

  private:
    std::size_t capacity_;
    std::unordered_map<PublicKey, std::uint32_t, KeyedHash> by_key_;
    std::vector<std::optional<ClientConnection>> slots_;
    std::vector<std::uint32_t> free_slots_;
};

}  // namespace curvecp::daemon
