#include "daemon/authorized_keys.hpp"

#include "curvecp/core/hex.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

const std::string kOne(64, '1');
const std::string kTwo(64, '2');

PublicKey key_of(const std::string& digits) {
    return parse_hex<PublicKey>(digits).value();
}

AuthorizedKeys parsed(const std::string& text) {
    auto result = parse_authorized_keys(text);
    const auto* error = std::get_if<RuleError>(&result);
    REQUIRE_MESSAGE(error == nullptr, error->reason);
    return std::get<AuthorizedKeys>(std::move(result));
}

// The only line of a file.
AuthorizedKey line(const std::string& rest) {
    const AuthorizedKeys keys = parsed(kOne + rest);
    REQUIRE(keys.find(key_of(kOne)) != nullptr);
    return *keys.find(key_of(kOne));
}

std::string reason(const std::string& rest) {
    const auto result = parse_authorized_keys(kOne + rest + "\n");
    const auto* error = std::get_if<RuleError>(&result);
    if (error == nullptr) return "it was taken";
    CHECK(error->line == 1);
    return error->reason;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a file is empty lines, comments, and a key a line") {
    const AuthorizedKeys keys =
        parsed("# who\n\n" + kOne + "\r\n \t \n  " + kTwo + "  a comment of words\n# end");
    CHECK(keys.size() == 2);
    REQUIRE(keys.find(key_of(kOne)) != nullptr);
    CHECK(keys.find(key_of(kOne))->line == 3);
    CHECK(keys.find(key_of(kTwo))->line == 5);
    CHECK(keys.find(key_of(std::string(64, '3'))) == nullptr);
    CHECK(parsed("").size() == 0);
}

TEST_CASE("a line's options are what the file says") {
    const AuthorizedKey key = line(
        " name=\"Alice \\\"A\\\" \\\\\" from=\"192.0.2.0/24,2001:db8::/32\" max=3 "
        "expires=2027-01-31 env=\"GREETING=hello there\" env=N=1 command=\"exec cat\" # note "
        "max=9");
    CHECK(key.name == "Alice \"A\" \\");
    CHECK(key.is_from(*parse_ip("192.0.2.1")));
    CHECK(key.is_from(*parse_ip("2001:db8::1")));
    CHECK_FALSE(key.is_from(*parse_ip("192.0.3.1")));
    CHECK(key.max == 3);
    CHECK(key.environment == std::vector<std::string>{"GREETING=hello there", "N=1"});
    CHECK(key.command == "exec cat");
}

TEST_CASE("a key without options may come from anywhere, at any time") {
    const AuthorizedKey key = line("");
    CHECK(key.is_from(*parse_ip("192.0.2.1")));
    CHECK_FALSE(key.is_expired(1'000'000));
    CHECK_FALSE(key.max);
    CHECK(key.name.empty());
}

TEST_CASE("a key is good on its last day, and not on the next") {
    const AuthorizedKey key = line(" expires=1970-02-01");
    CHECK_FALSE(key.is_expired(30));
    CHECK_FALSE(key.is_expired(31));
    CHECK(key.is_expired(32));
}

TEST_CASE("a bad line is told with its number, and nothing of the file is taken") {
    const auto result = parse_authorized_keys(kOne + "\n# fine\n" + kTwo + " max=none\n");
    REQUIRE(std::holds_alternative<RuleError>(result));
    CHECK(std::get<RuleError>(result).line == 3);
    CHECK(contains(std::get<RuleError>(result).reason, "max none"));
}

TEST_CASE("a key that is none is refused") {
    for (const std::string& text : {kOne.substr(1), kOne + "1", "g" + kOne.substr(1),
                                    std::string("name=x"), kOne + ",max=1"}) {
        CAPTURE(text);
        const auto result = parse_authorized_keys(text);
        CHECK(std::holds_alternative<RuleError>(result));
    }
}

TEST_CASE("a key twice is refused, and told where it stands first") {
    const auto result = parse_authorized_keys(kOne + "\n" + kTwo + "\n" + kOne + " max=1");
    REQUIRE(std::holds_alternative<RuleError>(result));
    CHECK(std::get<RuleError>(result).line == 3);
    CHECK(contains(std::get<RuleError>(result).reason, "line 1"));
}

TEST_CASE("a value that is wrong is refused with its option") {
    for (const auto& [rest, expected] :
         std::vector<std::pair<std::string, std::string>>{{" from=192.0.2.1/24", "from"},
                                                          {" from=", "from"},
                                                          {" from=\"192.0.2.1,\"", "from"},
                                                          {" max=0", "max"},
                                                          {" max=-1", "max"},
                                                          {" max=99999999999", "max"},
                                                          {" max=3,expires=2027-01-31", "max"},
                                                          {" expires=2027-02-29", "expires"},
                                                          {" expires=20270131", "expires"},
                                                          {" expires=2027-1-31", "expires"},
                                                          {" expires=+027-01-31", "expires"},
                                                          {" env=NAME", "env"},
                                                          {" env=1=x", "env"},
                                                          {" env=CURVECPREMOTEPK=x", "env"},
                                                          {" env=PROTO=x", "env"},
                                                          {" name=\"\"", "name"},
                                                          {" command=\"\"", "command"},
                                                          {" name=\"open", "name"},
                                                          {" name=\"a\\n\"", "name"},
                                                          {" name=\"a\"b", "name"},
                                                          {" name=a\"b\"", "name"},
                                                          {" max=1 max=2", "max twice"},
                                                          {" form=192.0.2.1", "form"}}) {
        CAPTURE(rest);
        CHECK(contains(reason(rest), expected));
    }
}

TEST_CASE("an option that would be lost in a comment is refused") {
    CHECK(contains(reason(" alice from=192.0.2.1"), "from"));
    CHECK(contains(reason(" from 192.0.2.1"), "from"));
    CHECK(line(" alice at x=y").from.empty());
    CHECK(line(" # from=192.0.2.1").from.empty());
}

TEST_CASE("control characters have no place in a file of keys") {
    CHECK(contains(reason(" name=\"a\x1b[2J\""), "control"));
    CHECK(contains(reason(" # \x07"), "control"));
    CHECK(contains(reason(std::string(" name=a") + '\0'), "control"));
    CHECK(line("\tname=a\tb").name == "a");
}

TEST_CASE("a client's name fits a log line") {
    CHECK(is_client_name("Zo\xc3\xab"));
    CHECK(is_client_name(std::string(255, 'n')));
    CHECK_FALSE(is_client_name(std::string(256, 'n')));
    CHECK_FALSE(is_client_name(""));
    CHECK_FALSE(is_client_name("a\nb"));
}
