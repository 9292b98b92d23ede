#include "client/handler_environment.hpp"

#include <doctest/doctest.h>

namespace curvecp::client {
namespace {

HandlerSurroundings surroundings() {
    HandlerSurroundings result;
    result.server = {IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 7}), 10000};
    result.server_long_term.bytes()[0] = 0xab;
    result.server_extension.bytes()[15] = 1;
    result.client_extension.bytes()[15] = 2;
    result.server_name = "git.example.org";
    return result;
}

bool has(const std::vector<std::string>& variables, const std::string& variable) {
    return std::count(variables.begin(), variables.end(), variable) == 1;
}

TEST_CASE("a handler finds the server and both extensions in its environment") {
    const auto variables = handler_environment({}, surroundings());
    CHECK(has(variables, "PROTO=CURVECP"));
    CHECK(has(variables, "CURVECPREMOTEIP=192.0.2.7"));
    CHECK(has(variables, "CURVECPREMOTEPORT=10000"));
    CHECK(has(variables, "CURVECPREMOTEPK=ab" + std::string(62, '0')));
    CHECK(has(variables, "CURVECPREMOTEEXTENSION=" + std::string(31, '0') + "1"));
    CHECK(has(variables, "CURVECPLOCALEXTENSION=" + std::string(31, '0') + "2"));
    CHECK(has(variables, "CURVECPSERVERNAME=git.example.org"));
    CHECK(variables.size() == 7);
}

TEST_CASE("a handler is told of the local address where that is known") {
    HandlerSurroundings known = surroundings();
    known.local = {IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, 2, 9}), 54321};
    const auto variables = handler_environment({}, known);
    CHECK(has(variables, "CURVECPLOCALIP=192.0.2.9"));
    CHECK(has(variables, "CURVECPLOCALPORT=54321"));
    CHECK(variables.size() == 9);
}

TEST_CASE("what speaks of another connection or of a service manager is not inherited") {
    const auto variables = handler_environment(
        {"PROTO=TCP", "CURVECPLOCALIP=192.0.2.1", "CURVECPREMOTEPK=00", "CURVECPOTHER=x",
         "NOTIFY_SOCKET=/run/x", "LISTEN_FDS=1", "LISTEN_PID=7", "LISTEN_FDNAMES=a"},
        surroundings());
    CHECK(variables.size() == 7);
}

TEST_CASE("everything else is inherited") {
    const auto variables =
        handler_environment({"PATH=/bin", "PROTOCOL=x", "NOTIFY=y", "ODD"}, surroundings());
    for (const auto* variable : {"PATH=/bin", "PROTOCOL=x", "NOTIFY=y", "ODD"}) {
        CHECK(has(variables, variable));
    }
}

}  // namespace
}  // namespace curvecp::client
