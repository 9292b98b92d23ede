#include "daemon/connection_table.hpp"

namespace curvecp::daemon {

std::optional<ConnectionId> ConnectionTable::find(const PublicKey& client_short_term) const {
    const auto found = by_key_.find(client_short_term);
    if (found == by_key_.end()) return std::nullopt;
    return ConnectionId{found->second};
}

ConnectionId ConnectionTable::insert(ClientConnection connection) {
    if (free_slots_.empty()) {
        slots_.emplace_back();
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t slot = free_slots_.back();
    by_key_.emplace(connection.client_short_term, slot);
    free_slots_.pop_back();
    slots_[slot] = std::move(connection);
    return ConnectionId{slot};
}

void ConnectionTable::erase(ConnectionId id) {
    by_key_.erase(slots_[id.slot]->client_short_term);
    slots_[id.slot].reset();
    free_slots_.push_back(id.slot);
}

}  // namespace curvecp::daemon
