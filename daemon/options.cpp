#include "daemon/options.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/operands.hpp"

namespace curvecp::daemon {
namespace {

constexpr std::uint64_t kMostConnections = 65'535;  // specification

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

void set(ServerOptions& options, const CommandLine::Option& option) {
    if (set_verbosity(options.verbosity, option)) return;
    if (option.name == "--events") {
        options.events.push_back(event_target(option.value));
        return;
    }
    options.max_connections = parse_number("option -c", option.value, 1, kMostConnections);
}

void take(ServerOptions& options, const std::vector<std::string>& positions) {
    require_operands(positions, kOperands);
    options.server_name_text = positions[0];
    options.server_name = server_name_operand(positions[0]);
    options.key_directory = positions[1];
    options.address = {ip_operand(positions[2]), port_operand(positions[3], 0)};
    options.extension = extension_operand(positions[4]);
    options.handler.assign(positions.begin() + kOperands.size() - 1, positions.end());
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
    const auto parsed = line.parse(argc, argv);
    if (!parsed) return false;
    for (const auto& option : parsed->options) set(options, option);
    take(options, parsed->positions);
    return true;
}

}  // namespace curvecp::daemon
