// What the operator wants, as values: the same from a command line, which describes one service,
// and from a configuration file, which describes any number.
#pragma once

#include "curvecp/posix/confinement.hpp"
#include "curvecp/posix/log.hpp"
#include "daemon/service.hpp"

namespace curvecp::daemon {

struct ServiceSettings {
    std::string label;               // what the configuration calls it
    std::vector<std::string> names;  // of the server
    Extension extension;
    std::string key_directory;
    std::vector<std::string> program;  // the handler and its arguments
    AddressRules addresses;
    std::string authorized_keys;  // a file; empty: every key
    std::string authorizer;       // a Unix socket; empty: nobody is asked
    Limits limits;
    Confinement confinement;  // of the handlers
    bool explain_refusal = false;
};

struct Settings {
    Verbosity verbosity = Verbosity::Errors;
    std::size_t max_connections = 100;  // as the reference's
    std::optional<Duration> idle_timeout;
    std::vector<Address> addresses;  // to listen on
    std::vector<ServiceSettings> services;
};

inline constexpr std::uint64_t kMostConnections = 65'535;  // specification

// The settings that say who may connect, by their names in a configuration, which are those of the
// long options.
enum class SettingKind : std::uint8_t { Flag, Value, List };
struct AccessSetting {
    std::string_view name;
    SettingKind kind;
    std::string_view placeholder;
    std::string_view help;
};
inline constexpr std::array kAccessSettings{
    AccessSetting{"accept-from", SettingKind::List, "CIDR",
                  "accept clients from this address or range, such as 192.0.2.0/24"},
    AccessSetting{"deny-from", SettingKind::List, "CIDR",
                  "deny clients from there; the longest range that fits decides"},
    AccessSetting{"authorized-keys", SettingKind::Value, "FILE",
                  "accept only the clients whose keys are in this file"},
    AccessSetting{"authorizer", SettingKind::Value, "unix:PATH",
                  "ask there about each client whose key is not in that file"},
    AccessSetting{"max-per-address", SettingKind::Value, "N",
                  "allow at most N clients at once from one address"},
    AccessSetting{"max-per-prefix", SettingKind::Value, "N/24,N/56",
                  "allow at most N clients at once from one IPv4, IPv6 network"},
    AccessSetting{"max-per-key", SettingKind::Value, "N",
                  "allow at most N clients at once with one key"},
    AccessSetting{"reserve", SettingKind::Value, "N",
                  "keep N places for clients with authorized keys"},
    AccessSetting{"rate", SettingKind::Value, "N/s",
                  "allow N new connections a second from one address"},
    AccessSetting{"explain-refusal", SettingKind::Flag, "",
                  "tell clients that are refused so, after they proved their keys"},
};

// Takes one of them; `what` names it in a complaint. Throws UsageError.
void set_access(ServiceSettings& settings, std::string_view name, const std::string& value,
                const std::string& what);

}  // namespace curvecp::daemon
