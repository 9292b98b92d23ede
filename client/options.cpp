#include "client/options.hpp"

#include "client/retry_schedule.hpp"
#include "curvecp/core/hex.hpp"
#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/socket_address.hpp"

#include <limits>

namespace curvecp::client {
namespace {

// What follows the options, in order; the rest is the handler's.
enum Position : std::size_t { Name, Key, Ip, Port, ServerExtension, Handler };
constexpr std::array<std::string_view, Handler + 1> kPositions{"sname", "pk",  "ip",
                                                               "port",  "ext", "prog"};

[[noreturn]] void refuse(Position position, const std::string& value, const std::string& why) {
    const std::string shown = value.empty() ? "''" : value;
    throw UsageError(std::string(kPositions[position]) + " " + shown + ": " + why);
}

ServerName to_server_name(const std::string& text) {
    const auto name = parse_server_name(text);
    if (!name) refuse(Name, text, "labels have at most 63 bytes, the name 255");
    return *name;
}

template <class Value>
Value to_value(Position position, const std::string& text) {
    const auto value = parse_hex<Value>(text);
    if (!value) refuse(position, text, "not " + std::to_string(2 * Value::kSize) + " hex digits");
    return *value;
}

PublicKey to_server_key(const std::string& text) {
    const auto key = to_value<PublicKey>(Key, text);
    // Any secret key tells.
    if (!make_shared_key(key, make_key_pair().secret_key)) {
        refuse(Key, text, "a low-order point, which is nobody's public key");
    }
    return key;
}

// An address list, without its ports.
std::vector<Address> to_addresses(const std::string& text, std::uint16_t port) {
    std::vector<Address> addresses;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        const auto ip = parse_address(std::string_view(text).substr(start, end - start));
        if (!ip) refuse(Ip, text, "not an IP address or a list of them");
        addresses.push_back({*ip, port});
        start = end + 1;
    }
    if (addresses.size() > kMaxServerAddresses) {
        refuse(Ip, text, "more than " + std::to_string(kMaxServerAddresses) + " addresses");
    }
    return addresses;
}

void take_positions(const std::vector<std::string>& positions, Options& options) {
    if (positions.size() <= Handler) {
        throw UsageError(std::string(kPositions[positions.size()]) + " is missing");
    }
    const auto port = parse_number(kPositions[Port], positions[Port], 1,
                                   std::numeric_limits<std::uint16_t>::max());
    options.server_name_text = positions[Name];
    options.server = {to_server_key(positions[Key]),
                      to_value<Extension>(ServerExtension, positions[ServerExtension]),
                      to_server_name(positions[Name])};
    options.addresses = to_addresses(positions[Ip], static_cast<std::uint16_t>(port));
    options.handler.assign(positions.begin() + Handler, positions.end());
    if (options.handler.front().empty()) refuse(Handler, "", "no program");
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
    for (const auto& option : parsed->options) {
        if (set_verbosity(options.verbosity, option)) continue;
        if (option.value.empty()) throw UsageError("option -c: no directory");
        options.key_directory = option.value;
    }
    take_positions(parsed->positions, options);
    return true;
}

}  // namespace curvecp::client
