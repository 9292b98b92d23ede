// Any line from an authorizer is an answer or none; nobody is let in by what is none.
#include "daemon/authorizer_answer.hpp"
#include "tests/fuzz/input.hpp"

namespace curvecp::fuzz {
namespace {

using namespace daemon;

void look_at_answer(std::string_view line) {
    const AuthorizerAnswer answer = parse_answer(line);
    require(answer.grant.command.empty(), "no command comes from there");
    require(answer.grant.name.empty() || is_client_name(answer.grant.name), "a name for a log");
    for (const std::string& variable : answer.grant.environment) {
        require(is_variable(variable), "a variable");
    }
    if (answer.answer == Server::Answer::Failed) {
        require(answer.grant.name.empty() && answer.grant.environment.empty(),
                "nothing is granted");
    }
    if (answer.answer == Server::Answer::Allow) {
        require(line.find("\"allow\"") != std::string_view::npos, "it says so");
    }
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    curvecp::fuzz::look_at_answer(text);
    return 0;
}
