#include "daemon/config_file.hpp"

#include "curvecp/posix/failure.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

const std::string kListen = "listen = \"127.0.0.1:4242\"\n";
const std::string kNeeded =
    "names = \"echo.example\"\n"
    "extension = \"00000000000000000000000000000001\"\n"
    "keys = \"keys\"\n"
    "program = [\"curvecpmessage\", \"cat\"]\n";
const std::string kService = "[service.echo]\n" + kNeeded;

ServiceSettings service_with(const std::string& lines) {
    return parse_config("server.toml", kListen + kService + lines).services.at(0);
}

std::string complaint_of(const std::string& text) {
    try {
        static_cast<void>(parse_config("server.toml", text));
    } catch (const UsageError& error) {
        return error.what();
    }
    return "it was taken";
}

// Behind the six lines of a right configuration.
std::string complaint_about(const std::string& line) {
    return complaint_of(kListen + kService + line + "\n");
}

bool begins(const std::string& text, std::string_view start) {
    return text.starts_with(start);
}

}  // namespace

TEST_CASE("a configuration says where to listen and what to serve") {
    const Settings settings =
        parse_config("server.toml",
                     "listen = [\"0.0.0.0:4242\", \"[::1]:0\"]\nmax-connections = 7\n" + kService);
    REQUIRE(settings.addresses.size() == 2);
    CHECK(to_text(settings.addresses[0]) == "0.0.0.0:4242");
    CHECK(to_text(settings.addresses[1]) == "[::1]:0");
    CHECK(settings.max_connections == 7);
    REQUIRE(settings.services.size() == 1);
    const ServiceSettings& service = settings.services[0];
    CHECK(service.label == "echo");
    CHECK(service.names == std::vector<std::string>{"echo.example"});
    CHECK(service.extension.bytes()[15] == 1);
    CHECK(service.key_directory == "keys");
    CHECK(service.program == std::vector<std::string>{"curvecpmessage", "cat"});
    CHECK(service.addresses.empty());
    CHECK_FALSE(service.explain_refusal);
}

TEST_CASE("a service has the rules and limits that options have") {
    const ServiceSettings service = service_with(
        "accept-from = [\"192.0.2.0/24\", \"2001:db8::/32\"]\ndeny-from = \"192.0.2.7\"\n"
        "authorized-keys = \"who\"\nauthorizer = \"unix:/run/who\"\nmax-per-address = 2\n"
        "max-per-prefix = \"8/24,9/48\"\nmax-per-key = 3\nreserve = 4\nrate = \"5/s\"\n"
        "explain-refusal = true\n");
    CHECK(service.addresses.allows(*parse_ip("192.0.2.1")));
    CHECK_FALSE(service.addresses.allows(*parse_ip("192.0.2.7")));
    CHECK_FALSE(service.addresses.allows(*parse_ip("203.0.113.1")));
    CHECK(service.authorized_keys == "who");
    CHECK(service.authorizer == "/run/who");
    CHECK(service.limits.per_address == 2);
    CHECK(service.limits.per_prefix_v4 == 8);
    CHECK(service.limits.prefix_v4 == 24);
    CHECK(service.limits.per_prefix_v6 == 9);
    CHECK(service.limits.prefix_v6 == 48);
    CHECK(service.limits.per_key == 3);
    CHECK(service.limits.reserve == 4);
    CHECK(service.limits.rate == 5);
    CHECK(service.explain_refusal);
    CHECK_FALSE(service_with("explain-refusal = false\n").explain_refusal);
}

TEST_CASE("a mistake is told with its file and line") {
    CHECK(begins(complaint_about("max-per-key = 0"), "server.toml:7: max-per-key 0: not a number"));
    CHECK(begins(complaint_about("max-per-keys = 1"), "server.toml:7: unknown key max-per-keys"));
    CHECK(begins(complaint_about("deny-from = [\"192.0.2.0/24\",\n\"192.0.2.1/24\"]"),
                 "server.toml:7: deny-from 192.0.2.1/24: not an address"));
    CHECK(begins(complaint_about("explain-refusal = \"yes\""), "server.toml:7: explain-refusal"));
    CHECK(begins(complaint_about("authorized-keys = 5"), "server.toml:7: "));
    CHECK(begins(complaint_about("rate = \"1/m\""), "server.toml:7: rate"));
    CHECK(begins(complaint_about("authorizer = \"/run/who\""), "server.toml:7: authorizer"));
    CHECK(begins(complaint_about("names = \"twice\""), "server.toml:7: "));
    CHECK(begins(complaint_about("= 5"), "server.toml:7: "));
    CHECK(begins(complaint_about("authorized-keys = \"a\\u0000b\""), "server.toml:7: "));
    CHECK(begins(complaint_of("x = 1\n" + kListen + kService), "server.toml:1: unknown key x"));
    CHECK(begins(complaint_of("max-connections = 65536\n" + kListen + kService),
                 "server.toml:1: max-connections 65536"));
    CHECK(begins(complaint_of(kListen + "service = 5\n"), "server.toml:2: service"));
}

TEST_CASE("an address to listen on has an address and a port") {
    for (const char* text : {"", "4242", ":4242", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "::1:4242", "[::1]", "[127.0.0.1]:4242", "localhost:4242", "[]:1"}) {
        CAPTURE(text);
        CHECK(begins(complaint_of("listen = \"" + std::string(text) + "\"\n" + kService),
                     "server.toml:1: listen"));
    }
}

TEST_CASE("what a service needs must be there") {
    CHECK(begins(complaint_of(kListen), "server.toml:1: no service"));
    CHECK(begins(complaint_of(kService), "server.toml:1: listen is missing"));
    for (const char* name : {"names", "extension", "keys", "program"}) {
        CAPTURE(name);
        std::string lines = kNeeded;
        const std::size_t start = lines.find(name);
        lines.erase(start, lines.find('\n', start) + 1 - start);
        const std::string complaint = complaint_of(kListen + "[service.echo]\n" + lines);
        CHECK(
            begins(complaint, "server.toml:2: service.echo: " + std::string(name) + " is missing"));
    }
}

TEST_CASE("two services with one extension and name could not be told apart") {
    const std::string other = "[service.other]\n" + kNeeded;
    CHECK(begins(complaint_of(kListen + kService + other), "server.toml:7: service.other has"));
    std::string named = other;
    named.replace(named.find("echo.example"), 12, "other.example");
    CHECK(parse_config("server.toml", kListen + kService + named).services.size() == 2);
}
