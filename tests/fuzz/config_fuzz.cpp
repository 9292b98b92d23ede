// A configuration from any text is taken whole, with all that a server needs, or refused with the
// file and a line.
#include "curvecp/posix/failure.hpp"
#include "daemon/config_file.hpp"
#include "tests/fuzz/input.hpp"

namespace curvecp::fuzz {
namespace {

using namespace daemon;

void look_at_service(const ServiceSettings& service) {
    require(!service.names.empty() && !service.key_directory.empty(), "a name and keys");
    require(!service.program.empty() && !service.program.front().empty(), "a program");
    for (const std::string& name : service.names) {
        require(parse_server_name(name).has_value(), "a name that fits");
    }
    for (const std::string& argument : service.program) {
        require(argument.find('\0') == std::string::npos, "an argument that can be passed");
    }
    require(service.limits.prefix_v4 <= 32 && service.limits.prefix_v6 <= 128, "prefixes");
}

void read(std::string_view text) {
    try {
        const Settings settings = parse_config("file", text);
        require(!settings.addresses.empty() && !settings.services.empty(), "something to serve");
        require(settings.max_connections - 1 < kMostConnections, "a number of connections");
        for (const ServiceSettings& service : settings.services) look_at_service(service);
    } catch (const UsageError& error) {
        const std::string_view what = error.what();
        require(what.starts_with("file:"), "the file is named");
        require(what.size() > 5 && what[5] >= '1' && what[5] <= '9', "and a line");
    }
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    curvecp::fuzz::read(text);
    return 0;
}
