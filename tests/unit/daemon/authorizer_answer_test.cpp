#include "daemon/authorizer_answer.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

Server::Answer answer_in(std::string_view line) {
    return parse_answer(line).answer;
}

}  // namespace

TEST_CASE("a question says who wants to come, where from and to what") {
    PublicKey client;
    client.bytes()[0] = 0xab;
    const std::string question =
        question_of({*parse_ip("192.0.2.1"), 4000}, client, "echo\".example");
    CHECK(question ==
          "{\"v\":1,\"key\":\"ab" + std::string(62, '0') +
              "\",\"address\":\"192.0.2.1\",\"port\":4000,\"server\":\"echo\\\".example\"}");
}

TEST_CASE("an answer allows, refuses or puts off") {
    CHECK(answer_in(R"({"answer":"allow"})") == Server::Answer::Allow);
    CHECK(answer_in(R"( { "answer" : "refuse" } )") == Server::Answer::Refuse);
    CHECK(answer_in(R"({"answer":"not now"})") == Server::Answer::NotNow);
}

TEST_CASE("an answer gives a name and variables, in any order") {
    const auto answer = parse_answer(
        R"({"env":{"GROUP":"staff","PATH":"a=b \"c\" \\ \/"},"name":"Alice","answer":"allow"})");
    CHECK(answer.answer == Server::Answer::Allow);
    CHECK(answer.grant.name == "Alice");
    CHECK(answer.grant.environment ==
          std::vector<std::string>{"GROUP=staff", "PATH=a=b \"c\" \\ /"});
    CHECK(parse_answer(R"({"answer":"allow","env":{}})").answer == Server::Answer::Allow);
}

TEST_CASE("what is not understood whole allows nobody") {
    for (const char* line : {"",
                             "{}",
                             "allow",
                             R"("allow")",
                             R"({"answer":"yes"})",
                             R"({"answer":true})",
                             R"({"answer":"allow")",
                             R"({"answer":"allow"} x)",
                             R"({"answer":"allow",})",
                             R"({"answer":"allow","answer":"allow"})",
                             R"({"answer":"refuse","answer":"allow"})",
                             R"({"answer":"allow","max":1})",
                             R"({"answer":"allow","name":""})",
                             R"({"answer":"allow","name":"a\nb"})",
                             R"({"answer":"allow","name":1})",
                             R"({"answer":"allow","env":[]})",
                             R"({"answer":"allow","env":{"A":1}})",
                             R"({"answer":"allow","env":{"A=B":"x"}})",
                             R"({"answer":"allow","env":{"":"x"}})",
                             R"({"answer":"allow","env":{"CURVECPREMOTEPK":"x"}})",
                             R"({"answer":"allow","env":{"A":"x"},"env":{}})",
                             R"(["answer","allow"])",
                             R"({"answer":"all\u006fw"})",
                             "{\"answer\":\"allow\",\"name\":\"a\nb\"}"}) {
        CAPTURE(line);
        CHECK(answer_in(line) == Server::Answer::Failed);
        CHECK(parse_answer(line).grant.environment.empty());
    }
}
