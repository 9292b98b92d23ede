#include "curvecp/posix/unix_socket.hpp"

#include "curvecp/posix/bounded_writer.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/line_input.hpp"
#include "curvecp/posix/pipe.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <vector>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace curvecp;

namespace {

// A directory of its own, empty at its end.
class SocketDirectory {
  public:
    SocketDirectory() { REQUIRE(mkdtemp(name_.data()) != nullptr); }
    ~SocketDirectory() { rmdir(name_.data()); }
    [[nodiscard]] std::string path() const { return std::string(name_.data()) + "/socket"; }

  private:
    std::array<char, 32> name_{"/tmp/curvecp-unit-XXXXXX"};
};

struct SocketPair {
    SocketPair() {
        std::array<int, 2> ends{};
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) ==
                0);
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }
    Fd ours;
    Fd theirs;
};

bool is_there(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

std::string read_some(int fd, std::size_t most = 4096) {
    std::string text(most, '\0');
    const ssize_t size = read(fd, text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

}  // namespace

TEST_CASE("a listener gives its connections away, is the user's alone, and leaves no file") {
    const SocketDirectory directory;
    EventLoop loop;
    {
        std::vector<Fd> connections;
        const UnixListener listener(loop, directory.path(), [&](Fd fd) {
            connections.push_back(std::move(fd));
            loop.stop();
        });
        struct stat status {};
        REQUIRE(stat(directory.path().c_str(), &status) == 0);
        CHECK((status.st_mode & 0777) == 0600);
        const Fd client = connect_unix(directory.path());
        loop.run();
        REQUIRE(connections.size() == 1);
        CHECK(write(connections[0].get(), "x", 1) == 1);
        CHECK(read_some(client.get()) == "x");
        CHECK((fcntl(connections[0].get(), F_GETFL) & O_NONBLOCK) != 0);
    }
    CHECK_FALSE(is_there(directory.path()));
}

TEST_CASE("a listener takes the place of a dead one, and of nothing else") {
    const SocketDirectory directory;
    EventLoop loop;
    const auto ignore = [](Fd) {};
    {
        const UnixListener first(loop, directory.path(), ignore);
        CHECK_THROWS_AS(UnixListener(loop, directory.path(), ignore), StartError);
        CHECK(is_there(directory.path()));
    }
    {
        // As after a crash: nobody listens, the file is there.
        const UnixListener listener(loop, directory.path(), ignore);
        REQUIRE(link(directory.path().c_str(), (directory.path() + "2").c_str()) == 0);
    }
    REQUIRE(rename((directory.path() + "2").c_str(), directory.path().c_str()) == 0);
    {
        const UnixListener second(loop, directory.path(), ignore);
        CHECK_NOTHROW(static_cast<void>(connect_unix(directory.path())));
    }
    const Fd file(open(directory.path().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    CHECK_THROWS_AS(UnixListener(loop, directory.path(), ignore), StartError);
    CHECK(is_there(directory.path()));
    unlink(directory.path().c_str());
    CHECK_THROWS_AS(UnixListener(loop, std::string(200, 'x'), ignore), StartError);
    CHECK_THROWS_AS(static_cast<void>(connect_unix(directory.path())), StartError);
}

TEST_CASE("a line may come in pieces, and is neither endless nor longer than a line may be") {
    const SocketPair pair;
    LineInput input;
    const auto send = [&](const std::string& text) {
        REQUIRE(write(pair.theirs.get(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
        return input.read(pair.ours.get());
    };
    CHECK(input.read(pair.ours.get()) == LineInput::State::Waiting);
    CHECK(send("stat") == LineInput::State::Waiting);
    CHECK(send("us\nmore") == LineInput::State::Line);
    CHECK(input.line() == "status");
    input = {};
    CHECK(send(std::string(LineInput::kLongest, 'x')) == LineInput::State::Waiting);
    CHECK(send("x") == LineInput::State::TooLong);
    input = {};
    CHECK(send(std::string(LineInput::kLongest, 'y') + "\n") == LineInput::State::Line);
    input = {};
    CHECK(send("rest") == LineInput::State::Waiting);
    shutdown(pair.theirs.get(), SHUT_WR);
    CHECK(input.read(pair.ours.get()) == LineInput::State::End);
    CHECK(input.line() == "rest");
}

TEST_CASE("a slow reader gets whole texts in order, and those without room are refused") {
    const SocketPair pair;
    EventLoop loop;
    int changes = 0;
    BoundedWriter writer(loop, pair.ours.get(), 10'000, [&] {
        ++changes;
        loop.stop();
    });
    CHECK(writer.empty());
    const std::string text(1'000, 'a');
    std::size_t taken = 0;
    while (writer.write(text)) ++taken;
    CHECK(taken > 10);
    CHECK_FALSE(writer.empty());
    CHECK_FALSE(writer.write(text));
    CHECK_FALSE(writer.broken());
    std::size_t received = 0;
    const auto read_all = [&] {
        for (auto some = read_some(pair.theirs.get()); !some.empty();
             some = read_some(pair.theirs.get())) {
            received += some.size();
        }
    };
    while (changes == 0) {
        read_all();
        loop.run_once();
    }
    read_all();
    CHECK(received == taken * text.size());
    CHECK(writer.empty());
    CHECK(writer.write(text));
    CHECK(read_some(pair.theirs.get()) == text);
}

TEST_CASE("a reader that has gone is told of from the loop") {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    SocketPair pair;
    EventLoop loop;
    bool told = false;
    BoundedWriter writer(loop, pair.ours.get(), 10'000, [&] {
        told = true;
        loop.stop();
    });
    pair.theirs.reset();
    CHECK(writer.write("x"));
    CHECK_FALSE(told);
    loop.run();
    CHECK(told);
    CHECK(writer.broken());
    CHECK_FALSE(writer.write("x"));
    static_cast<void>(std::signal(SIGPIPE, before));
}

TEST_CASE("who may not wait connects at once or not at all") {
    CHECK_FALSE(try_connect_unix(""));
    CHECK_FALSE(try_connect_unix(std::string(200, 'x')));
    CHECK_FALSE(try_connect_unix("/no/such/socket"));
}
