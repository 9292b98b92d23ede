#include "daemon/admission.hpp"

namespace curvecp::daemon {
namespace {

constexpr Duration kBurst = std::chrono::seconds(1);

AddressRange only(const IpAddress& ip) noexcept {
    return network_of(ip, 32, 128);
}

Duration cost_of(std::size_t rate) noexcept {
    return kBurst / static_cast<Duration::rep>(rate);
}

}  // namespace

std::optional<DropReason> Occupancy::full(const IpAddress& ip) const {
    if (limits_.per_address != 0 && addresses_.of(only(ip)) >= limits_.per_address) {
        return DropReason::AddressLimit;
    }
    const std::size_t most = most_of_network(ip);
    if (most != 0 && prefixes_.of(network(ip)) >= most) return DropReason::PrefixLimit;
    return std::nullopt;
}

std::optional<DropReason> Occupancy::full(const PublicKey& client,
                                          std::optional<std::size_t> max) const {
    const std::size_t connections = keys_.of(client);
    const bool general = limits_.per_key != 0 && !max && connections >= limits_.per_key;
    if (general || (max && connections >= *max)) return DropReason::KeyLimit;
    return std::nullopt;
}

// What is not limited is not counted: it would cost memory for nothing.
void Occupancy::add(const IpAddress& ip, const PublicKey& client) {
    add(ip);
    if (!limits_.counts_keys()) return;
    try {
        keys_.add(client);
    } catch (...) {
        remove(ip);
        throw;
    }
}

void Occupancy::remove(const IpAddress& ip, const PublicKey& client) noexcept {
    remove(ip);
    keys_.remove(client);
}

void Occupancy::move(const IpAddress& from, const IpAddress& to) {
    add(to);
    remove(from);
}

void Occupancy::add(const IpAddress& ip) {
    if (limits_.per_address != 0) addresses_.add(only(ip));
    if (most_of_network(ip) == 0) return;
    try {
        prefixes_.add(network(ip));
    } catch (...) {
        addresses_.remove(only(ip));
        throw;
    }
}

void Occupancy::remove(const IpAddress& ip) noexcept {
    addresses_.remove(only(ip));
    prefixes_.remove(network(ip));
}

bool ArrivalRates::allows(TimePoint now, const IpAddress& ip, std::size_t rate) const {
    if (rate == 0) return true;
    const auto found = due_.find(only(ip));
    if (found == due_.end()) return true;
    return found->second - now <= kBurst - cost_of(rate);
}

void ArrivalRates::add(TimePoint now, const IpAddress& ip, std::size_t rate) {
    if (rate == 0) return;
    if (due_.size() >= kMostAddresses) forget(now);
    TimePoint& due = due_[only(ip)];
    due = std::max(due, now) + cost_of(rate);
}

void ArrivalRates::forget(TimePoint now) {
    std::erase_if(due_, [now](const auto& entry) { return entry.second <= now; });
    // More than can be: rather nobody is limited for a moment than memory grows.
    if (due_.size() >= kMostAddresses) due_.clear();
}

}  // namespace curvecp::daemon
