#include "curvecp/posix/handler_process.hpp"

#include <csignal>

#include <doctest/doctest.h>

#include <sys/ioctl.h>
#include <sys/wait.h>

using namespace curvecp;

namespace {

// A handler that reads nothing.
struct SleepingHandler {
    EventLoop loop;
    PipeBudget budget;
    std::vector<std::string> command{"/bin/sleep", "60"};
    HandlerProcess::Pipes pipes = HandlerProcess::start(command, {});
    int error = pipes.error;
    int input = pipes.to_handler.get();
    HandlerProcess process{std::move(pipes), loop, budget, [] {}};

    ~SleepingHandler() {
        kill(process.pid(), SIGKILL);
        waitpid(process.pid(), nullptr, 0);
    }
    // Bytes that wait for it.
    [[nodiscard]] std::size_t waiting() const {
        int size = -1;
        REQUIRE(ioctl(input, FIONREAD, &size) == 0);
        return static_cast<std::size_t>(size);
    }
};

}  // namespace

TEST_CASE("a handler is given a full batch while the next one is collected") {
    constexpr std::size_t kBatch = HandlerProcess::kBatch;
    SleepingHandler handler;
    REQUIRE(handler.error == 0);
    std::array<std::uint8_t, 17> frame{};
    frame[0] = frame_length_byte(16);
    CHECK(handler.process.queue(frame));
    for (std::size_t i = 1; i < kBatch - 1; ++i) CHECK_FALSE(handler.process.queue(frame));
    CHECK(handler.waiting() == 0);
    CHECK_FALSE(handler.process.queue(frame));
    CHECK(handler.waiting() == kBatch * frame.size());
    CHECK_FALSE(handler.process.queue(frame));
    CHECK(handler.waiting() == kBatch * frame.size());
    handler.process.flush();
    CHECK(handler.waiting() == (kBatch + 1) * frame.size());
    CHECK(handler.process.queue(frame));
}
