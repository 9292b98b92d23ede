#include "tests/simulation/handler.hpp"

#include <doctest/doctest.h>

namespace curvecp::simulation {

using messagehandler::StreamPair;

namespace {

// The same message with another block.
Bytes contradict(std::vector<std::uint8_t>& message) {
    const auto decoded = messagehandler::decode(message);
    const std::size_t size = decoded ? decoded->header.block_size : 0;
    for (std::uint8_t& byte : MutableBytes(message).last(size)) byte ^= 0xff;
    return message;
}

}  // namespace

Handler::Handler(EventQueue& queue, const Config& config, std::function<void(Bytes)> send,
                 std::function<void()> on_close)
    : queue_(queue),
      config_(config),
      send_(std::move(send)),
      on_close_(std::move(on_close)),
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

void Handler::wake() {
    woken_ = false;
    if (frozen_ || result_ != Result::Running) return;
    for (auto& message : pipe_) {
        streams_.on_message(queue_.now(), message);
        if (config_.with_contradictions) streams_.on_message(queue_.now(), contradict(message));
    }
    pipe_.clear();
    pipe_used_ = 0;
    run();
}

void Handler::run() {
    if (frozen_ || result_ == Result::PeerVanished) return;
    const TimePoint now = queue_.now();
    bool progress = true;
    while (progress) {
        progress = program_.run(now, streams_);
        progress |= result_ == Result::Running && send_messages();
    }
    if (result_ == Result::Running) look_at_connection(now);
    std::optional<TimePoint> due = program_.next_deadline();
    if (due && *due <= now) due.reset();  // it waits for its handler
    if (result_ == Result::Running) due = earlier(due, streams_.next_deadline());
    if (due) REQUIRE(*due > now);  // else the loop would spin
    deadline_.set(due);
}

void Handler::look_at_connection(TimePoint now) {
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
            return close(Result::Done);
        case StreamPair::Status::PeerVanished:
            return close(Result::PeerVanished);
    }
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

void Handler::close(Result result) {
    result_ = result;
    on_close_();
}

}  // namespace curvecp::simulation
