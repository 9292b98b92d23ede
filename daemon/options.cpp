#include "daemon/options.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/operands.hpp"

namespace curvecp::daemon {
namespace {

constexpr std::uint64_t kLongestTimeout = 31'536'000;  // ours: a year

constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kDescriptor = "fd:";
constexpr std::size_t kLongestDescriptor = 12;  // ours, the kernel's are shorter

constexpr std::array<std::string_view, 6> kOperands{"sname", "keydir", "ip", "port", "ext", "prog"};

// "unix:PATH" or "fd:N".
EventTarget event_target(const std::string& text) {
    if (text.starts_with(kUnix) && text.size() > kUnix.size()) return text.substr(kUnix.size());
    const auto strange = text.find_first_not_of("0123456789", kDescriptor.size());
    if (!text.starts_with(kDescriptor) || text.size() == kDescriptor.size() ||
        text.size() > kLongestDescriptor || strange != std::string::npos) {
        throw UsageError("option --events " + text + ": must be unix:PATH or fd:N");
    }
    const int fd = std::stoi(text.substr(kDescriptor.size()));
    if (!was_inherited(fd)) throw UsageError("option --events " + text + ": not open");
    return fd;
}

Duration seconds_of(const CommandLine::Option& option, std::uint64_t least) {
    return std::chrono::seconds(
        parse_number("option " + option.name, option.value, least, kLongestTimeout));
}

LogFormat log_format(const std::string& value) {
    if (value == "text") return LogFormat::Text;
    if (value == "json") return LogFormat::Json;
    throw UsageError("option --log-format " + value + ": must be text or json");
}

// What a server's own life is about, and not who may connect; true, and taken, where it is one.
bool is_life_option(ServerOptions& options, const CommandLine::Option& option) {
    if (option.name == "--control") {
        options.control = option.value;
    } else if (option.name == "--log-format") {
        options.log_format = log_format(option.value);
    } else if (option.name == "--drain-timeout") {
        options.drain_timeout = seconds_of(option, 0);
    } else if (option.name == "--idle-timeout") {
        options.idle_timeout = seconds_of(option, 1);
    } else {
        return false;
    }
    return true;
}

void set(ServerOptions& options, ServiceSettings& service, const CommandLine::Option& option) {
    if (set_verbosity(options.verbosity, option)) return;
    const std::string what = "option " + option.name;
    if (option.name == "-c") {
        options.max_connections = parse_number(what, option.value, 1, kMostConnections);
    } else if (option.name == "-C") {
        set_access(service, "max-per-address", option.value, what);
    } else if (is_life_option(options, option)) {
        return;
    } else if (option.name == "--events") {
        options.events.push_back(event_target(option.value));
    } else if (option.name == "--config") {
        if (option.value.empty()) throw UsageError("option --config '': no file");
        options.config = option.value;
    } else if (option.name == "--check-config") {
        options.check_config = true;
    } else {
        set_access(service, std::string_view(option.name).substr(2), option.value, what);
    }
}

void take(ServerOptions& options, ServiceSettings& service,
          const std::vector<std::string>& positions) {
    require_operands(positions, kOperands);
    static_cast<void>(server_name_operand(positions[0]));
    service.label = positions[0];
    service.names.push_back(positions[0]);
    service.key_directory = positions[1];
    options.addresses.push_back({ip_operand(positions[2]), port_operand(positions[3], 0)});
    service.extension = extension_operand(positions[4]);
    service.program.assign(positions.begin() + kOperands.size() - 1, positions.end());
}

// With a configuration file nothing on the command line speaks of services.
void refuse_beside_config(const CommandLine::Parsed& parsed) {
    constexpr std::array<std::string_view, 12> kAllowed{"-q",
                                                        "-Q",
                                                        "-v",
                                                        "-u",
                                                        "-g",
                                                        "--events",
                                                        "--config",
                                                        "--check-config",
                                                        "--control",
                                                        "--log-format",
                                                        "--drain-timeout",
                                                        "--idle-timeout"};
    for (const auto& option : parsed.options) {
        if (std::find(kAllowed.begin(), kAllowed.end(), option.name) == kAllowed.end()) {
            throw UsageError("option " + option.name + ": not beside --config");
        }
    }
    if (!parsed.positions.empty()) {
        throw UsageError("option --config: no operands beside it, not " + parsed.positions.front());
    }
}

void add_access_options(CommandLine& line) {
    for (const AccessSetting& setting : kAccessSettings) {
        const std::string name =
            setting.name == "max-per-address" ? "-C" : "--" + std::string(setting.name);
        if (setting.kind == SettingKind::Flag) {
            line.add_flag(name, std::string(setting.help));
        } else {
            line.add_value(name, std::string(setting.placeholder), std::string(setting.help));
        }
    }
}

}  // namespace

bool parse_options(int argc, char** argv, ServerOptions& options) {
    CommandLine line("curvecpserver", "sname keydir ip port ext prog...",
                     "Listens for CurveCP connections and starts a message handler (prog, such as "
                     "curvecpmessage) for each.");
    line.add_verbosity();
    line.add_value("-c", "N", "allow at most N clients at once (default 100)");
    line.add_value(
        "--events", "TARGET",
        "tell what happens as lines of JSON: unix:PATH listens there, fd:N is written to");
    line.add_value("--config", "FILE", "listen and serve as this file says");
    line.add_flag("--check-config", "say what is wrong with that file, and end");
    add_privilege_options(line);
    line.add_value("--control", "PATH", "listen there for curvecpctl");
    line.add_value("--log-format", "FORMAT", "of what is told: text (default) or json");
    line.add_value("--drain-timeout", "SECONDS",
                   "at SIGTERM let connections go on for so long (default 0)");
    line.add_value("--idle-timeout", "SECONDS",
                   "end connections on which both sides are silent for so long");
    add_access_options(line);
    const auto parsed = line.parse(argc, argv);
    if (!parsed) return false;
    ServiceSettings service;
    PrivilegeOptions privileges;
    for (const auto& option : parsed->options) {
        if (!set_privilege(privileges, option)) set(options, service, option);
    }
    complete(privileges);
    options.user = privileges.user;
    service.confinement = privileges.handlers;
    if (!options.config.empty()) {
        refuse_beside_config(*parsed);
        return true;
    }
    if (options.check_config) throw UsageError("option --check-config: --config is missing");
    take(options, service, parsed->positions);
    options.services.push_back(std::move(service));
    return true;
}

}  // namespace curvecp::daemon
