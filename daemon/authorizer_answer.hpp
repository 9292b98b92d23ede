// What is asked of the authorizer and what it answers, each a JSON object on one line.
#pragma once

#include "daemon/server.hpp"

#include <string>
#include <string_view>

namespace curvecp::daemon {

// Without an end of line.
[[nodiscard]] std::string question_of(const Address& client, const PublicKey& client_long_term,
                                      const std::string& server_name);

struct AuthorizerAnswer {
    Server::Answer answer = Server::Answer::Failed;
    Server::Grant grant;
};

// {"answer":"allow","name":"alice","env":{"GROUP":"staff"}}, {"answer":"refuse"} or
// {"answer":"not now"}. Anything else has failed, a member that is not known too: it may say
// something that matters.
[[nodiscard]] AuthorizerAnswer parse_answer(std::string_view line);

}  // namespace curvecp::daemon
