// Settings with what they name on the disk: keys are read, lists of keys parsed, programs looked
// for. Made at the start and at each reload, all or nothing.
#pragma once

#include "curvecp/core/handler_environment.hpp"
#include "curvecp/posix/key_directory.hpp"
#include "daemon/settings.hpp"

namespace curvecp::daemon {

inline constexpr std::uint64_t kNonceBlock = 1'048'576;  // specification: what a server takes

// What a service starts for a client.
struct ServiceProgram {
    std::vector<std::string> arguments;
    std::vector<std::string> names;
    std::vector<HandlerEnvironment> environments;  // by the service's names
    std::string authorizer;
    Confinement confinement;
};

struct Configuration {
    std::vector<KeyDirectory> directories;  // of the hosts
    std::vector<Host> hosts;
    std::vector<Service> services;
    std::vector<ServiceProgram> programs;  // by Service::settings
};

// None: somebody else has had some, which are left over.
enum class Nonces { Reserve, None };

// Throws UsageError for what is wrong in a file, StartError for what cannot be read.
[[nodiscard]] Configuration configure(const Settings& settings, Nonces nonces = Nonces::Reserve);
// Throws the same, and leaves nothing behind: no nonces are taken.
void check_configuration(const Settings& settings);

}  // namespace curvecp::daemon
