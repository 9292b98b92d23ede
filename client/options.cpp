#include "client/options.hpp"

#include "client/retry_schedule.hpp"
#include "curvecp/core/hex.hpp"
#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/operands.hpp"

namespace curvecp::client {
namespace {

constexpr std::array<std::string_view, 6> kOperands{"sname", "pk", "ip", "port", "ext", "prog"};

PublicKey key_operand(const std::string& pk) {
    const auto key = parse_hex<PublicKey>(pk);
    if (!key) throw UsageError("pk " + pk + ": must be 64 hex digits");
    return *key;
}

std::vector<Address> addresses_operand(const std::string& ips, std::uint16_t port) {
    std::vector<Address> addresses;
    for (std::size_t start = 0; start <= ips.size();) {
        const std::size_t end = std::min(ips.find(',', start), ips.size());
        addresses.push_back({ip_operand(ips.substr(start, end - start)), port});
        start = end + 1;
    }
    if (addresses.size() > kMaxServerAddresses) {
        throw UsageError("ip " + ips + ": more than " + std::to_string(kMaxServerAddresses) +
                         " addresses");
    }
    return addresses;
}

void set(Options& options, const CommandLine::Option& option) {
    if (set_verbosity(options.verbosity, option)) return;
    if (option.value.empty()) throw UsageError("option -c: no directory");
    options.key_directory = option.value;
}

void take(Options& options, const std::vector<std::string>& positions) {
    require_operands(positions, kOperands);
    options.server_name_text = positions[0];
    options.server = {.long_term = key_operand(positions[1]),
                      .extension = extension_operand(positions[4]),
                      .name = server_name_operand(positions[0])};
    options.addresses = addresses_operand(positions[2], port_operand(positions[3], 1));
    options.handler.assign(positions.begin() + kOperands.size() - 1, positions.end());
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options) {
    CommandLine line("curvecpclient", "sname pk ip port ext prog...",
                     "Connects a message handler to a CurveCP server: its name, its public key (64 "
                     "hex digits), up to 8 addresses with commas between them, its port and its "
                     "extension (32 hex digits).");
    line.add_verbosity();
    line.add_value("-c", "KEYDIR", "the client's key directory; else a key is made up");
    const auto parsed = line.parse(argc, argv);
    if (!parsed) return false;
    for (const auto& option : parsed->options) set(options, option);
    take(options, parsed->positions);
    return true;
}

}  // namespace curvecp::client
