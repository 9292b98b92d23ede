#include "tests/simulation/handler.hpp"

#include <doctest/doctest.h>

namespace curvecp::simulation {

using messagehandler::StreamPair;

Handler::Handler(EventQueue& queue, const Config& config, std::function<void(Bytes)> send,
                 std::function<void()> on_exit)
    : queue_(queue),
      config_(config),
      send_(std::move(send)),
      on_exit_(std::move(on_exit)),
      streams_(config.streams, queue.now()),
      program_(config.script, config.writes, config.reads),
      readable_(queue, [this] { wake(); }),
      deadline_(queue, [this] { run(); }) {
    deadline_.set(queue.now() + config.latency);
}

void Handler::deliver(Bytes message) {
    if (result_ != Result::Running) return;
    if (pipe_used_ + 1 + message.size() > config_.pipe_size) {
        ++dropped_;
        return;
    }
    pipe_used_ += 1 + message.size();
    pipe_.emplace_back(message.begin(), message.end());
    if (!woken_) readable_.set(queue_.now() + config_.latency);
    woken_ = true;
}

void Handler::stop() {
    if (result_ == Result::Running) exit(Result::PeerVanished);
}

void Handler::wake() {
    woken_ = false;
    if (frozen_ || result_ != Result::Running) return;
    for (const auto& message : pipe_) streams_.on_message(queue_.now(), message);
    pipe_.clear();
    pipe_used_ = 0;
    run();
}

void Handler::run() {
    if (frozen_ || result_ != Result::Running) return;
    const TimePoint now = queue_.now();
    bool progress = true;
    while (progress) {
        progress = program_.run(now, streams_);
        progress |= send_messages();
    }
    if (program_.done() && !program_ended_) {
        program_ended_ = true;
        streams_.on_program_exit(now);
        send_messages();
    }
    switch (streams_.status()) {
        case StreamPair::Status::Running:
        case StreamPair::Status::Lingering:
            break;
        case StreamPair::Status::Done:
            if (program_.done()) return exit(Result::Done);
            break;  // it waits for its program
        case StreamPair::Status::PeerVanished:
            return exit(Result::PeerVanished);
    }
    std::optional<TimePoint> program = program_.next_deadline();
    if (program && *program <= now) program.reset();  // it waits for its handler
    const auto deadline = streams_.next_deadline();
    if (deadline) CHECK(*deadline > now);  // else the loop would spin
    deadline_.set(earlier(deadline, program));
}

bool Handler::send_messages() {
    std::array<std::uint8_t, kMaxMessageSize> buffer{};
    bool sent = false;
    while (const std::size_t size = streams_.next_message(queue_.now(), buffer)) {
        REQUIRE(is_message_size(size));
        send_(Bytes(buffer).first(size));
        sent = true;
    }
    return sent;
}

void Handler::exit(Result result) {
    result_ = result;
    deadline_.set(std::nullopt);
    on_exit_();
}

}  // namespace curvecp::simulation
