#include "daemon/config_file.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/socket_address.hpp"
#include "curvecp/posix/text_file.hpp"

#include <toml++/toml.h>

namespace curvecp::daemon {
namespace {

// One file being read: it knows where a value stands.
class ConfigReader {
  public:
    explicit ConfigReader(const std::string& path) : path_(path) {}

    [[nodiscard]] Settings read(const toml::table& table) {
        Settings settings;
        for (const auto& [key, node] : table) {
            if (key == "listen") {
                for (const std::string& text : texts(key, node)) {
                    settings.addresses.push_back(endpoint(node, text));
                }
            } else if (key == "max-connections") {
                settings.max_connections =
                    parse_number(what(node, key), number(key, node), 1, kMostConnections);
            } else if (key == "service") {
                read_services(key, node, settings);
            } else {
                fail(node, "unknown key " + std::string(key.str()));
            }
        }
        if (settings.addresses.empty()) fail(table, "listen is missing");
        if (settings.services.empty()) fail(table, "no service");
        return settings;
    }

    [[noreturn]] void fail(const toml::source_region& source, const std::string& reason) const {
        throw UsageError(where(source) + reason);
    }

  private:
    [[nodiscard]] std::string where(const toml::source_region& source) const {
        return path_ + ":" + std::to_string(std::max(source.begin.line, 1U)) + ": ";
    }
    [[noreturn]] void fail(const toml::node& node, const std::string& reason) const {
        fail(node.source(), reason);
    }
    [[nodiscard]] std::string what(const toml::node& node, const toml::key& key) const {
        return where(node.source()) + std::string(key.str());
    }

    [[nodiscard]] std::string text(const toml::key& key, const toml::node& node) const {
        const auto* const value = node.as_string();
        if (value == nullptr) fail(node, std::string(key.str()) + " must be a text");
        // Nothing of the system takes it.
        if (value->get().find('\0') != std::string::npos) {
            fail(node, std::string(key.str()) + " has a zero byte");
        }
        return value->get();
    }
    // One text or a list of them.
    [[nodiscard]] std::vector<std::string> texts(const toml::key& key,
                                                 const toml::node& node) const {
        const auto* const list = node.as_array();
        if (list == nullptr) return {text(key, node)};
        std::vector<std::string> all;
        for (const toml::node& element : *list) all.push_back(text(key, element));
        return all;
    }
    // As text, since that is what is checked.
    [[nodiscard]] std::string number(const toml::key& key, const toml::node& node) const {
        const auto* const value = node.as_integer();
        if (value == nullptr) fail(node, std::string(key.str()) + " must be a number");
        return std::to_string(value->get());
    }

    // 192.0.2.1:4242 or [2001:db8::1]:4242
    [[nodiscard]] Address endpoint(const toml::node& node, const std::string& text) const {
        const std::size_t colon = text.rfind(':');
        std::string_view ip = std::string_view(text).substr(0, colon);
        const bool brackets = ip.starts_with('[') && ip.ends_with(']') && ip.size() > 2;
        if (brackets) ip = ip.substr(1, ip.size() - 2);
        const auto address = parse_address(ip);
        const bool v6_form = ip.find(':') != std::string_view::npos;
        if (!address || colon == std::string::npos || brackets != v6_form) {
            fail(node, "listen " + text + ": not 192.0.2.1:4242 or [2001:db8::1]:4242");
        }
        return {*address, static_cast<std::uint16_t>(
                              parse_number(where(node.source()) + "listen " + text + ": port",
                                           text.substr(colon + 1), 0, 65'535))};
    }

    void read_services(const toml::key& key, const toml::node& node, Settings& settings) const {
        const auto* const services = node.as_table();
        if (services == nullptr) fail(node, std::string(key.str()) + " must be a table");
        for (const auto& [label, service] : *services) {
            const auto* const table = service.as_table();
            if (table == nullptr)
                fail(service, "service." + std::string(label.str()) + " must be a table");
            settings.services.push_back(read_service(std::string(label.str()), *table));
            refuse_twins(*table, settings.services);
        }
    }
    [[nodiscard]] ServiceSettings read_service(const std::string& label,
                                               const toml::table& table) const {
        ServiceSettings service;
        service.label = label;
        bool has_extension = false;
        for (const auto& [key, node] : table) {
            if (key == "names") {
                service.names = texts(key, node);
            } else if (key == "extension") {
                service.extension = extension(key, node);
                has_extension = true;
            } else if (key == "keys") {
                service.key_directory = text(key, node);
            } else if (key == "program") {
                service.program = texts(key, node);
            } else {
                read_access(service, key, node);
            }
        }
        const auto need = [&](bool there, const char* name) {
            if (!there) fail(table, "service." + label + ": " + name + " is missing");
        };
        need(!service.names.empty(), "names");
        need(has_extension, "extension");
        need(!service.key_directory.empty(), "keys");
        need(!service.program.empty() && !service.program.front().empty(), "program");
        for (const std::string& name : service.names) {
            if (!parse_server_name(name)) {
                fail(table, "name " + name + ": at most 255 bytes, and at most 63 between dots");
            }
        }
        return service;
    }
    [[nodiscard]] Extension extension(const toml::key& key, const toml::node& node) const {
        const std::string digits = text(key, node);
        const auto parsed = parse_hex<Extension>(digits);
        if (!parsed) fail(node, "extension " + digits + ": must be 32 hex digits");
        return *parsed;
    }
    void read_access(ServiceSettings& service, const toml::key& key, const toml::node& node) const {
        const auto found = std::find_if(
            kAccessSettings.begin(), kAccessSettings.end(),
            [&key](const AccessSetting& setting) { return setting.name == key.str(); });
        if (found == kAccessSettings.end()) fail(node, "unknown key " + std::string(key.str()));
        switch (found->kind) {
            case SettingKind::Flag:
                if (!node.is_boolean())
                    fail(node, std::string(key.str()) + " must be true or false");
                if (node.as_boolean()->get()) set_access(service, found->name, {}, what(node, key));
                return;
            case SettingKind::List:
                for (const std::string& value : texts(key, node)) {
                    set_access(service, found->name, value, what(node, key));
                }
                return;
            case SettingKind::Value:
                const bool counts = node.is_integer() && found->placeholder.starts_with('N');
                const std::string value = counts ? number(key, node) : text(key, node);
                set_access(service, found->name, value, what(node, key));
                return;
        }
    }
    // No client could tell two services with one extension and name apart.
    void refuse_twins(const toml::table& table,
                      const std::vector<ServiceSettings>& services) const {
        const ServiceSettings& last = services.back();
        for (const ServiceSettings& other : services) {
            if (&other == &last || other.extension != last.extension) continue;
            for (const std::string& name : last.names) {
                const auto same = [&name](const std::string& another) {
                    return parse_server_name(name) == parse_server_name(another);
                };
                if (std::any_of(other.names.begin(), other.names.end(), same)) {
                    fail(table, "service." + last.label + " has the extension and the name " +
                                    name + " of service." + other.label);
                }
            }
        }
    }

    const std::string& path_;
};

}  // namespace

Settings parse_config(const std::string& path, std::string_view text) {
    ConfigReader reader(path);
    try {
        return reader.read(toml::parse(text));
    } catch (const toml::parse_error& error) {
        reader.fail(error.source(), std::string(error.description()));
    }
}

Settings read_config(const std::string& path) {
    return parse_config(path, read_text_file(path));
}

}  // namespace curvecp::daemon
