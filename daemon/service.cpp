#include "daemon/service.hpp"

namespace curvecp::daemon {

Services::Services(std::vector<Host> hosts, std::vector<Service> services)
    : hosts_(std::move(hosts)) {
    for (Service& service : services) entries_.emplace_back(std::move(service));
}

void Services::replace(std::vector<Host> hosts, std::vector<Service> services) {
    hosts_ = std::move(hosts);
    for (Entry& entry : entries_) entry.open = false;
    for (Service& service : services) {
        Entry* const place = place_for(service);
        if (place == nullptr) {
            entries_.emplace_back(std::move(service));
            continue;
        }
        // Rates stay: a reload is no way around them.
        place->service = std::move(service);
        place->open = true;
    }
    for (Entry& entry : entries_) {
        entry.occupancy = Occupancy(entry.service.policy.limits);
        entry.connections = 0;
    }
}

Services::Entry* Services::place_for(const Service& service) noexcept {
    const auto same = [&service](const Entry& entry) {
        return !entry.open && entry.service.label == service.label &&
               entry.service.extension == service.extension;
    };
    auto found = std::find_if(entries_.begin(), entries_.end(), same);
    if (found == entries_.end()) {
        found = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
            return !entry.open && entry.connections == 0;
        });
    }
    return found == entries_.end() ? nullptr : &*found;
}

ServiceIndex Services::place_of(const std::string& label, const Extension& extension) {
    for (ServiceIndex index = 0; index < entries_.size(); ++index) {
        const Entry& entry = entries_[index];
        if (!entry.open) continue;
        if (entry.service.label == label && entry.service.extension == extension) return index;
    }
    Service gone;
    gone.label = label;
    gone.extension = extension;
    entries_.emplace_back(std::move(gone)).open = false;
    return static_cast<ServiceIndex>(entries_.size() - 1);
}

std::optional<Meant> Services::find(const Extension& extension,
                                    FixedBytes<ServerName::kSize> name) const {
    std::optional<Meant> found;
    for (ServiceIndex index = 0; index < entries_.size(); ++index) {
        const Service& service = entries_[index].service;
        if (!entries_[index].open || service.extension != extension) continue;
        for (std::uint32_t i = 0; i < service.names.size(); ++i) {
            if (equal_in_constant_time(name, service.names[i].bytes())) found = Meant{index, i};
        }
    }
    return found;
}

bool Services::has_extension(const Extension& extension) const noexcept {
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [&](const Host& host) { return host.extension == extension; });
}

bool Services::allow(const IpAddress& ip) const noexcept {
    return std::any_of(entries_.begin(), entries_.end(), [&ip](const Entry& entry) {
        return entry.open && entry.service.policy.addresses.allows(ip);
    });
}

bool Services::explain() const noexcept {
    return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
        return entry.open && entry.service.policy.explain_refusal;
    });
}

std::optional<DropReason> Services::full(ServiceIndex index, TimePoint now,
                                         const IpAddress& ip) const {
    const Entry& entry = entries_[index];
    if (const auto reason = entry.occupancy.full(ip)) return reason;
    if (!entry.rates.allows(now, ip, entry.service.policy.limits.rate)) {
        return DropReason::RateLimit;
    }
    return std::nullopt;
}

std::optional<DropReason> Services::full(ServiceIndex index, const PublicKey& client) const {
    const Entry& entry = entries_[index];
    const auto& keys = entry.service.policy.keys;
    const AuthorizedKey* const key = keys ? keys->find(client) : nullptr;
    return entry.occupancy.full(client, key != nullptr ? key->max : std::nullopt);
}

void Services::add_new(ServiceIndex index, TimePoint now, const IpAddress& ip,
                       const PublicKey& client) {
    entries_[index].rates.add(now, ip, entries_[index].service.policy.limits.rate);
    add(index, ip, client);
}

void Services::add(ServiceIndex index, const IpAddress& ip, const PublicKey& client) {
    entries_[index].occupancy.add(ip, client);
    ++entries_[index].connections;
}

void Services::move(ServiceIndex index, const IpAddress& from, const IpAddress& to) {
    entries_[index].occupancy.move(from, to);
}

void Services::remove(ServiceIndex index, const IpAddress& ip, const PublicKey& client) noexcept {
    entries_[index].occupancy.remove(ip, client);
    --entries_[index].connections;
}

}  // namespace curvecp::daemon
