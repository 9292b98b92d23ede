#include "tests/simulation/program.hpp"

#include "tests/simulation/dice.hpp"

#include <cstring>

namespace curvecp::simulation {
namespace {

using messagehandler::StreamPair;

// A prime, far above the size of every buffer: bytes that are in a wrong place are wrong bytes.
constexpr std::size_t kPeriod = 1'048'573;

const std::vector<std::uint8_t>& pattern() {
    static const std::vector<std::uint8_t> kPattern = [] {
        Dice dice(1);
        std::vector<std::uint8_t> bytes(kPeriod);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(dice.below(256));
        return bytes;
    }();
    return kPattern;
}

// A piece of the stream with this number, from `position` on, of at most `size` bytes.
Bytes pattern_at(std::uint64_t number, std::uint64_t position, std::size_t size) {
    const std::size_t offset = (number * 40'009 + position) % kPeriod;
    return Bytes(pattern()).subspan(offset, std::min(size, kPeriod - offset));
}

}  // namespace

bool Program::run(TimePoint now, StreamPair& pair) {
    if (pausing(now)) return false;
    bool progress = false;
    while (!pausing(now) && write(now, pair)) progress = true;
    while (!pausing(now) && take(now, pair)) progress = true;
    return progress;
}

bool Program::pausing(TimePoint now) {
    if (!pause_until_ && script_.pause_at && written_ + read_ >= *script_.pause_at) {
        pause_until_ = now + script_.pause;
    }
    return pause_until_ && now < *pause_until_;
}

bool Program::write(TimePoint now, StreamPair& pair) {
    if (output_ended_ || (script_.output_after_input && !input_ending_)) return false;
    if (written_ == script_.output) return end_output(now, pair);
    const MutableBytes room = pair.output_room();
    if (room.empty()) return false;
    const std::uint64_t left = script_.output - written_;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, room.size()));
    const Bytes bytes = pattern_at(writes_, written_, size);
    std::copy(bytes.begin(), bytes.end(), room.begin());
    pair.commit_output(bytes.size());
    written_ += bytes.size();
    return true;
}

bool Program::end_output(TimePoint now, StreamPair& pair) {
    if (!end_at_) end_at_ = now + script_.end_delay;
    if (now < *end_at_) return false;
    pair.end_output(script_.ending);
    output_ended_ = true;
    if (script_.leaves_after_output) pair.discard_input(now);
    return true;
}

bool Program::take(TimePoint now, StreamPair& pair) {
    if (input_ending_ || done() || (read_at_ && now < *read_at_)) return false;
    const Bytes input = pair.input();
    if (input.empty()) {
        input_ending_ = pair.input_end();
        return input_ending_.has_value();
    }
    std::size_t size = input.size();
    if (script_.read_size != 0) {
        size = std::min(size, script_.read_size);
        read_at_ = now + script_.read_interval;
    }
    const Bytes expected = pattern_at(reads_, read_, size);
    intact_ &= std::memcmp(expected.data(), input.data(), expected.size()) == 0;
    pair.consume_input(now, expected.size());
    read_ += expected.size();
    return true;
}

std::optional<TimePoint> Program::next_deadline() const {
    if (done()) return std::nullopt;
    std::optional<TimePoint> deadline = read_at_;
    if (!output_ended_) deadline = earlier(deadline, end_at_);
    return earlier(deadline, pause_until_);
}

}  // namespace curvecp::simulation
