#include "curvecp/posix/handler_process.hpp"

#include <doctest/doctest.h>

#include <poll.h>

using namespace curvecp;

namespace {

// A handler that writes back what it is given.
struct Returning {
    EventLoop loop;
    PipeBudget budget;
    std::vector<std::string> command{"/bin/sh", "-c", "exec cat <&8 >&9"};
    HandlerProcess::Pipes pipes = HandlerProcess::start(command, {});
    int output = pipes.from_handler.get();
    HandlerProcess process{std::move(pipes), loop, budget, [] {}};
    std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(HandlerProcess::kReadBufferSize);

    [[nodiscard]] bool answers(int milliseconds) const {
        pollfd ready{.fd = output, .events = POLLIN, .revents = 0};
        return poll(&ready, 1, milliseconds) == 1;
    }
    // Waits for so many frames.
    [[nodiscard]] std::size_t read_frames(std::size_t wanted) {
        std::size_t count = 0;
        while (count < wanted && answers(30'000) && process.read(buffer)) {
            while (std::holds_alternative<MutableBytes>(process.next())) ++count;
        }
        return count;
    }
};

}  // namespace

TEST_CASE("a handler is given a full batch while the next one is collected") {
    Returning handler;
    REQUIRE(handler.pipes.error == 0);
    std::array<std::uint8_t, 17> frame{};
    frame[0] = frame_length_byte(16);
    CHECK(handler.process.queue(frame));
    for (std::size_t i = 1; i < HandlerProcess::kBatch - 1; ++i) {
        CHECK_FALSE(handler.process.queue(frame));
    }
    CHECK_FALSE(handler.answers(20));
    CHECK_FALSE(handler.process.queue(frame));
    CHECK(handler.read_frames(HandlerProcess::kBatch) == HandlerProcess::kBatch);
    CHECK_FALSE(handler.process.queue(frame));
    CHECK_FALSE(handler.answers(20));
    handler.process.flush();
    CHECK(handler.read_frames(1) == 1);
    CHECK(handler.process.queue(frame));
}
