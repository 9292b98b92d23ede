// Asks the authorizers, each question over a connection of its own; nobody waits for an answer but
// the client that is asked about.
#pragma once

#include "curvecp/posix/event_loop.hpp"
#include "daemon/authorizer_answer.hpp"

#include <list>
#include <vector>

namespace curvecp::daemon {

class Authorizers {
  public:
    // Ours, because a client tries again for about a minute, and a person waits no longer.
    static constexpr Duration kPatience = std::chrono::seconds(5);

    using OnAnswer = std::function<void(Server::Ask question, AuthorizerAnswer answer)>;

    // `on_answer` is called from the loop, once for each question. Throws StartError.
    Authorizers(EventLoop& loop, OnAnswer on_answer);
    Authorizers(const Authorizers&) = delete;
    Authorizers& operator=(const Authorizers&) = delete;
    ~Authorizers();

    // Asks at the Unix socket. The question's frame is copied. Where it cannot be asked, the answer
    // is Failed, from the loop too.
    void ask(const std::string& path, const std::string& server_name, Server::Ask question);
    [[nodiscard]] std::size_t open_questions() const noexcept { return open_.size(); }

  private:
    struct Question;
    using Place = std::list<Question>::iterator;

    // False where it could not be asked.
    [[nodiscard]] bool begin(Place place, const std::string& path, const std::string& line);
    void on_readable(Place place);
    void finish(Place place, AuthorizerAnswer answer);
    void on_deadline();
    [[nodiscard]] std::optional<TimePoint> next_due() const noexcept;

    EventLoop& loop_;
    OnAnswer on_answer_;
    std::list<Question> open_;  // the oldest first
    Deadline deadline_;
};

}  // namespace curvecp::daemon
