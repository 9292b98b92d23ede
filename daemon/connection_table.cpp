#include "daemon/connection_table.hpp"

namespace curvecp::daemon {

std::optional<ConnectionId> ConnectionTable::find(const PublicKey& client_short_term) const {
    const auto* const slot = by_key_.find(fingerprint_of(client_short_term), is(client_short_term));
    if (slot == nullptr) return std::nullopt;
    return ConnectionId{*slot};
}

ConnectionId ConnectionTable::insert(ClientConnection connection) {
    if (free_slots_.empty()) {
        slots_.emplace_back();
        free_slots_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t slot = free_slots_.back();
    by_key_.insert(fingerprint_of(connection.client_short_term), slot);
    free_slots_.pop_back();
    slots_[slot] = std::move(connection);
    return ConnectionId{slot};
}

void ConnectionTable::erase(ConnectionId id) {
    const PublicKey& key = slots_[id.slot]->client_short_term;
    by_key_.erase(fingerprint_of(key), is(key));
    slots_[id.slot].reset();
    free_slots_.push_back(id.slot);
}

}  // namespace curvecp::daemon
