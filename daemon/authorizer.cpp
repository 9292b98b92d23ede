#include "daemon/authorizer.hpp"

#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/unix_socket.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

namespace curvecp::daemon {
namespace {

constexpr std::size_t kLongestAnswer = 16'384;  // ours: some variables, and no flood

}  // namespace

struct Authorizers::Question {
    Question(Server::Ask question, TimePoint time)
        : asked(std::move(question)),
          frame(asked.frame.begin(), asked.frame.end()),
          due(time + kPatience) {
        asked.frame = frame;
    }

    Server::Ask asked;
    std::vector<std::uint8_t> frame;
    TimePoint due;
    std::string answer;
    Fd connection;
    std::optional<IoWatcher> readable;
};

Authorizers::Authorizers(EventLoop& loop, OnAnswer on_answer)
    : loop_(loop), on_answer_(std::move(on_answer)), deadline_(loop, [this] { on_deadline(); }) {}

Authorizers::~Authorizers() = default;

void Authorizers::ask(const std::string& path, const std::string& server_name,
                      Server::Ask question) {
    const std::string line =
        question_of(question.path.peer, question.initiate.client_long_term, server_name) + "\n";
    const auto place = open_.emplace(open_.end(), std::move(question), now());
    // Who could not be asked has failed at once, but not before this returns.
    if (!begin(place, path, line)) place->due = now();
    deadline_.set(next_due());
}

bool Authorizers::begin(Place place, const std::string& path, const std::string& line) {
    place->connection = try_connect_unix(path);
    if (!place->connection) return false;
    const ssize_t sent = send(place->connection.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(line.size())) return false;
    place->readable.emplace(
        loop_, place->connection.get(), Readiness::Readable, [this, place] { on_readable(place); },
        [] {});
    return true;
}

void Authorizers::on_readable(Place place) {
    std::array<char, 4096> buffer;
    const ssize_t size = recv(place->connection.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    std::string& answer = place->answer;
    if (size > 0) answer.append(buffer.data(), static_cast<std::size_t>(size));
    const std::size_t end = answer.find('\n');
    if (end != std::string::npos) {
        finish(place, parse_answer(std::string_view(answer).substr(0, end)));
    } else if (size <= 0 || answer.size() > kLongestAnswer) {
        finish(place, {});
    }
}

// Runs as the last act of the question's own callback.
void Authorizers::finish(Place place, AuthorizerAnswer answer) {
    std::list<Question> done;
    done.splice(done.end(), open_, place);
    done.front().readable->stop();
    deadline_.set(next_due());
    on_answer_(std::move(done.front().asked), std::move(answer));
}

void Authorizers::on_deadline() {
    while (!open_.empty() && next_due() <= now()) {
        std::list<Question> late;
        const auto oldest =
            std::min_element(open_.begin(), open_.end(),
                             [](const Question& a, const Question& b) { return a.due < b.due; });
        late.splice(late.end(), open_, oldest);
        late.front().readable.reset();
        on_answer_(std::move(late.front().asked), {});
    }
    deadline_.set(next_due());
}

std::optional<TimePoint> Authorizers::next_due() const noexcept {
    std::optional<TimePoint> due;
    for (const Question& question : open_) due = earlier(due, question.due);
    return due;
}

}  // namespace curvecp::daemon
