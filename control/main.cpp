// curvecpctl: says one line to a running curvecpserver and shows what it answers.
#include "control/options.hpp"
#include "curvecp/posix/program_run.hpp"
#include "curvecp/posix/unix_socket.hpp"

#include <array>
#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace curvecp;

constexpr std::string_view kOk = "ok";
constexpr std::string_view kError = "error: ";
constexpr std::size_t kBufferSize = 65'536;  // ours

void write_all(int fd, std::string_view text, const std::string& what) {
    while (!text.empty()) {
        const ssize_t size = write(fd, text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) throw StartError(what, errno);
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

// A server that refuses has said so before it hung up: that is still to be read.
void say(int server, std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = send(server, text.data(), text.size(), MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

// Empty at the end.
std::string_view read_some(int fd, std::array<char, kBufferSize>& buffer) {
    while (true) {
        const ssize_t size = read(fd, buffer.data(), buffer.size());
        if (size >= 0) return {buffer.data(), static_cast<std::size_t>(size)};
        if (errno != EINTR) throw StartError("the server's answer", errno);
    }
}

// What came behind the first line; throws where that is no "ok".
std::string read_verdict(int fd, std::array<char, kBufferSize>& buffer) {
    std::string answer;
    std::size_t end = std::string::npos;
    while (end == std::string::npos) {
        const std::string_view some = read_some(fd, buffer);
        if (some.empty()) throw StartError("the server gave no answer");
        answer += some;
        end = answer.find('\n');
    }
    const std::string verdict = answer.substr(0, end);
    if (verdict.starts_with(kError)) throw StartError(verdict.substr(kError.size()));
    if (verdict != kOk) throw StartError("not the control socket of a server: " + verdict);
    return answer.substr(end + 1);
}

int ask_server(int argc, char** argv, control::Options& options) {
    if (!control::parse_options(argc, argv, options)) return 0;
    const Fd server = connect_unix(options.socket);
    say(server.get(), options.command + "\n");
    std::array<char, kBufferSize> buffer{};
    write_all(STDOUT_FILENO, read_verdict(server.get(), buffer), "standard output");
    for (auto some = read_some(server.get(), buffer); !some.empty();
         some = read_some(server.get(), buffer)) {
        write_all(STDOUT_FILENO, some, "standard output");
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    curvecp::control::Options options;
    return curvecp::run_program("curvecpctl", options.verbosity,
                                [&] { return ask_server(argc, argv, options); });
}
