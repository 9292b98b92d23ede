// The services of one server, and the keys that they are reached by. Several services may share an
// address, an extension and a key: then a client's Initiate tells them apart by the name it means.
#pragma once

#include "curvecp/core/long_term_nonce.hpp"
#include "curvecp/core/server_name.hpp"
#include "daemon/admission.hpp"
#include "daemon/authorized_keys.hpp"

#include <string>

namespace curvecp::daemon {

// What Hellos are answered with.
struct Host {
    Extension extension;
    Locked<SecretKey> long_term;
    LongTermNonces nonces;
};

// Who may use a service.
struct AccessPolicy {
    AddressRules addresses;
    // Nothing: every key.
    std::optional<AuthorizedKeys> keys;
    Limits limits;
    // Clients that proved who they are and are refused are told so.
    bool explain_refusal = false;
    // The authorizer is asked about every key that is not among `keys`.
    bool ask = false;
};

struct Service {
    std::string label;  // what the operator calls it
    Extension extension;
    std::size_t host = 0;  // its key
    std::vector<ServerName> names;
    AccessPolicy policy;
    std::size_t settings = 0;  // whatever the loop finds the rest by
};

// A service's place, which it keeps as long as it has connections, also where it is gone from the
// configuration.
using ServiceIndex = std::uint32_t;

// Whom a client means: a service, by one of its names.
struct Meant {
    ServiceIndex service = 0;
    std::uint32_t name = 0;
};

class Services {
  public:
    Services(std::vector<Host> hosts, std::vector<Service> services);

    // A service of the same label and extension takes the other's place, with its connections; one
    // that is not there any more takes no new ones. The connections are to be added again.
    void replace(std::vector<Host> hosts, std::vector<Service> services);

    [[nodiscard]] std::vector<Host>& hosts() noexcept { return hosts_; }
    [[nodiscard]] const std::vector<Host>& hosts() const noexcept { return hosts_; }
    [[nodiscard]] const Service& operator[](ServiceIndex index) const noexcept {
        return entries_[index].service;
    }
    [[nodiscard]] const SecretKey& key_of(ServiceIndex index) const noexcept {
        return *hosts_[entries_[index].service.host].long_term;
    }
    // Nothing where no such service takes connections.
    [[nodiscard]] std::optional<Meant> find(const Extension& extension,
                                            FixedBytes<ServerName::kSize> name) const;
    [[nodiscard]] bool is_open(ServiceIndex index) const noexcept { return entries_[index].open; }
    [[nodiscard]] bool has_extension(const Extension& extension) const noexcept;
    // Whether some service that takes connections would hear somebody from there.
    [[nodiscard]] bool allow(const IpAddress& ip) const noexcept;
    [[nodiscard]] bool explain() const noexcept;

    // What of a service's limits nobody new may come for: first what is known before a client has
    // proved its key, then the rest.
    [[nodiscard]] std::optional<DropReason> full(ServiceIndex index, TimePoint now,
                                                 const IpAddress& ip) const;
    [[nodiscard]] std::optional<DropReason> full(ServiceIndex index, const PublicKey& client) const;
    // A connection begins, moves, ends.
    void add_new(ServiceIndex index, TimePoint now, const IpAddress& ip, const PublicKey& client);
    void add(ServiceIndex index, const IpAddress& ip, const PublicKey& client);
    void move(ServiceIndex index, const IpAddress& from, const IpAddress& to);
    void remove(ServiceIndex index, const IpAddress& ip, const PublicKey& client) noexcept;

    // Where a service is that another program has had; where there is no such service any more,
    // in a place of its own that takes no new connections.
    [[nodiscard]] ServiceIndex place_of(const std::string& label, const Extension& extension);

    // Places, open or not.
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  private:
    struct Entry {
        explicit Entry(Service what) : service(std::move(what)), occupancy(service.policy.limits) {}

        Service service;
        Occupancy occupancy;
        ArrivalRates rates;
        std::size_t connections = 0;
        bool open = true;
    };
    [[nodiscard]] Entry* place_for(const Service& service) noexcept;

    std::vector<Host> hosts_;
    std::vector<Entry> entries_;
};

}  // namespace curvecp::daemon
