#include "curvecp/core/handler_environment.hpp"

#include <algorithm>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

bool holds(const std::vector<std::string>& variables, const std::string& variable) {
    return std::count(variables.begin(), variables.end(), variable) == 1;
}

}  // namespace

TEST_CASE("a handler learns who is connected, where and to what") {
    const HandlerEnvironment environment({"HOME=/root"}, "server.test");
    PublicKey client;
    client.bytes()[0] = 0xab;
    Extension local;
    local.bytes()[15] = 1;
    const auto variables = environment.with({{*parse_ip("192.0.2.9"), 53},
                                             {*parse_ip("2001:db8::1"), 4711},
                                             client,
                                             local,
                                             Extension(),
                                             42});
    CHECK(holds(variables, "HOME=/root"));
    CHECK(holds(variables, "PROTO=CURVECP"));
    CHECK(holds(variables, "CURVECPSERVERNAME=server.test"));
    CHECK(holds(variables, "CURVECPLOCALIP=192.0.2.9"));
    CHECK(holds(variables, "CURVECPLOCALPORT=53"));
    CHECK(holds(variables, "CURVECPREMOTEIP=2001:db8::1"));
    CHECK(holds(variables, "CURVECPREMOTEPORT=4711"));
    CHECK(holds(variables, "CURVECPREMOTEPK=ab" + std::string(62, '0')));
    CHECK(holds(variables, "CURVECPLOCALEXTENSION=" + std::string(31, '0') + "1"));
    CHECK(holds(variables, "CURVECPREMOTEEXTENSION=" + std::string(32, '0')));
    CHECK(holds(variables, "CURVECPCONNID=42"));
    CHECK(variables.size() == 11);
}

TEST_CASE("a local address that is not known is left out") {
    const auto variables = HandlerEnvironment({}, "").with({});
    for (const std::string& variable : variables) {
        CHECK_FALSE(variable.starts_with("CURVECPLOCALIP"));
        CHECK_FALSE(variable.starts_with("CURVECPLOCALPORT"));
    }
}

TEST_CASE("inherited variables that would mislead a handler are cleared") {
    const HandlerEnvironment environment(
        {"PROTO=TCP", "TCPREMOTEIP=10.0.0.1", "CURVECPREMOTEPK=forged", "CURVECPANYTHING=1",
         "NOTIFY_SOCKET=/run/x", "LISTEN_FDS=1", "LISTEN_PID=1", "PROTOCOL=kept", "PATH=/bin"},
        "");
    const auto variables = environment.with({});
    CHECK(holds(variables, "PROTO=CURVECP"));
    CHECK(holds(variables, "PROTOCOL=kept"));
    CHECK(holds(variables, "PATH=/bin"));
    CHECK(variables.size() == 2 + 8);
    CHECK_FALSE(holds(variables, "CURVECPREMOTEPK=forged"));
}
