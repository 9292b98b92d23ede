#include "daemon/configuration.hpp"

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/program_search.hpp"
#include "curvecp/posix/text_file.hpp"

namespace curvecp::daemon {
namespace {

AuthorizedKeys read_keys(const std::string& path) {
    auto result = parse_authorized_keys(read_text_file(path));
    if (const auto* error = std::get_if<RuleError>(&result)) {
        throw UsageError(path + ":" + std::to_string(error->line) + ": " + error->reason);
    }
    return std::move(std::get<AuthorizedKeys>(result));
}

AccessPolicy read_policy(const ServiceSettings& settings) {
    AccessPolicy policy{settings.addresses, std::nullopt, settings.limits, settings.explain_refusal,
                        !settings.authorizer.empty()};
    if (settings.authorized_keys.empty()) return policy;
    policy.keys = read_keys(settings.authorized_keys);
    policy.limits.count_keys = policy.keys->limit_any();
    return policy;
}

// Services with one key and extension share it, and its nonces.
std::size_t host_of(const Settings& settings, std::size_t index, Nonces supply,
                    Configuration& configuration) {
    const ServiceSettings& service = settings.services[index];
    for (std::size_t i = 0; i < index; ++i) {
        const ServiceSettings& other = settings.services[i];
        if (other.extension == service.extension && other.key_directory == service.key_directory) {
            return configuration.services[i].host;
        }
    }
    KeyDirectory& keys = configuration.directories.emplace_back(service.key_directory);
    LongTermNonces nonces(keys.nonce_key());
    if (supply == Nonces::Reserve)
        nonces.add_block(keys.take_nonce_counters(kNonceBlock), kNonceBlock);
    configuration.hosts.push_back({service.extension, keys.secret_key(), std::move(nonces)});
    return configuration.hosts.size() - 1;
}

// All but the keys of the server.
Configuration read_services(const Settings& settings) {
    Configuration configuration;
    const auto environment = current_environment();
    for (const ServiceSettings& service : settings.services) {
        // In another file system it cannot be looked for from here.
        if (service.confinement.root_directory.empty()) {
            static_cast<void>(find_program(service.program.front()));
        }
        configuration.services.push_back({service.label,
                                          service.extension,
                                          0,
                                          {},
                                          read_policy(service),
                                          configuration.programs.size()});
        ServiceProgram& program = configuration.programs.emplace_back();
        program.arguments = service.program;
        program.names = service.names;
        program.authorizer = service.authorizer;
        program.confinement = service.confinement;
        for (const std::string& name : service.names) {
            configuration.services.back().names.push_back(parse_server_name(name).value());
            program.environments.emplace_back(environment, name);
        }
    }
    return configuration;
}

}  // namespace

Configuration configure(const Settings& settings, Nonces nonces) {
    // First what costs nothing: a bad file must not use up nonces.
    Configuration configuration = read_services(settings);
    for (std::size_t i = 0; i < settings.services.size(); ++i) {
        configuration.services[i].host = host_of(settings, i, nonces, configuration);
    }
    return configuration;
}

void check_configuration(const Settings& settings) {
    static_cast<void>(read_services(settings));
    for (const ServiceSettings& service : settings.services) {
        const KeyDirectory keys(service.key_directory);
        static_cast<void>(keys.secret_key());
        static_cast<void>(keys.nonce_key());
    }
}

}  // namespace curvecp::daemon
