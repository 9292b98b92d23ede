#include "curvecp/posix/operands.hpp"

#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/program_search.hpp"

#include <array>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

template <class Function>
std::string refusal_of(Function&& function) {
    try {
        static_cast<void>(function());
        return "accepted";
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("the first missing position is named") {
    constexpr std::array<std::string_view, 3> kNames{"sname", "keydir", "prog"};
    const std::vector<std::string> positions{"a", "b", "c", "d"};
    require_operands(positions, kNames);
    require_operands(std::span(positions).first(3), kNames);
    CHECK_THROWS_WITH_AS(require_operands(std::span(positions).first(1), kNames),
                         "missing keydir, try --help", UsageError);
}

TEST_CASE("a bad position is named with its value") {
    CHECK(refusal_of([] { return server_name_operand(std::string(64, 'a')); }) ==
          "sname " + std::string(64, 'a') +
              ": must be at most 255 bytes, and at most 63 between dots");
    CHECK(refusal_of([] { return ip_operand("999.0.0.1"); }) ==
          "ip 999.0.0.1: not an IPv4 or IPv6 address");
    CHECK(refusal_of([] { return port_operand("99999", 1); }) ==
          "port 99999: not a number from 1 to 65535");
    CHECK(refusal_of([] { return port_operand("0", 1); }) ==
          "port 0: not a number from 1 to 65535");
    CHECK(refusal_of([] { return extension_operand(std::string(31, '0')); }) ==
          "ext " + std::string(31, '0') + ": must be 32 hex digits");
    CHECK(extension_operand("000102030405060708090A0b0c0d0e0F").bytes()[15] == 15);
    CHECK(ip_operand("::1") == *parse_ip("::1"));
    CHECK(port_operand("65535", 1) == 65'535);
}

TEST_CASE("a program is found by its path or in PATH, and must be executable") {
    CHECK(find_program("/bin/sh") == "/bin/sh");
    CHECK(find_program("sh").ends_with("/sh"));
    CHECK(refusal_of([] { return find_program("no-such-program"); }) ==
          "program no-such-program: not found");
    CHECK(refusal_of([] { return find_program(""); }) == "program : not found");
    CHECK(refusal_of([] { return find_program("/no/such/program"); }) ==
          "program /no/such/program: No such file or directory");
    CHECK(refusal_of([] { return find_program("/etc/passwd"); }) ==
          "program /etc/passwd: Permission denied");
    CHECK(refusal_of([] { return find_program("/etc"); }) == "program /etc: Is a directory");
}
