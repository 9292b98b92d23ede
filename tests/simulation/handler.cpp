#include "tests/simulation/handler.hpp"

#include <cmath>
#include <stdexcept>

namespace curvecp::simulation {

using messagehandler::StreamPair;

namespace {

void must(bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
}

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
      dice_(config.lateness.seed),
      send_(std::move(send)),
      on_close_(std::move(on_close)),
      streams_(config.streams, queue.now()),
      program_(config.script, config.writes, config.reads),
      readable_(queue, [this] { wake(); }),
      deadline_(queue, [this] { on_deadline(); }) {
    deadline_.set(queue.now() + config.latency);
}

Duration Handler::late() {
    const Lateness& lateness = config_.lateness;
    if (lateness.mean == Duration{} && lateness.stalls == 0) return {};
    const double share = -std::log(1 - dice_.unit());
    Duration late(static_cast<Duration::rep>(share * static_cast<double>(lateness.mean.count())));
    if (dice_.chance(lateness.stalls)) {
        late += Duration(static_cast<Duration::rep>(
            dice_.between(static_cast<std::uint64_t>(lateness.least_stall.count()),
                          static_cast<std::uint64_t>(lateness.most_stall.count()))));
    }
    return late;
}

void Handler::on_deadline() {
    const Duration late = this->late();
    if (late == Duration{}) return run();
    if (!woken_) readable_.set(queue_.now() + late);
    woken_ = true;
}

void Handler::deliver(Bytes message) {
    if (result_ != Result::Running) return;
    if (pipe_used_ + 1 + message.size() > config_.pipe_size) {
        ++dropped_;
        return;
    }
    pipe_used_ += 1 + message.size();
    pipe_.emplace_back(message.begin(), message.end());
    if (!woken_) readable_.set(queue_.now() + config_.latency + late());
    woken_ = true;
}

void Handler::wake() {
    woken_ = false;
    if (frozen_) return;
    for (auto& message : pipe_) {
        if (result_ != Result::Running) break;
        streams_.on_message(queue_.now(), message);
        if (config_.with_contradictions) streams_.on_message(queue_.now(), contradict(message));
    }
    pipe_.clear();
    pipe_used_ = 0;
    run();
}

void Handler::run() {
    if (frozen_ || result_ == Result::PeerVanished) return;
    ++runs_;
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
    must(!due || *due > now, "the loop would spin: a deadline has passed");
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
        case StreamPair::Status::Idle:
        case StreamPair::Status::BlocksVanish:
            return close(Result::PeerVanished);
    }
}

bool Handler::send_messages() {
    std::array<std::uint8_t, kMaxMessageSize> buffer{};
    bool sent = false;
    while (const std::size_t size = streams_.next_message(queue_.now(), buffer)) {
        must(is_message_size(size), "a message has a size that no message has");
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
