// Two stream pairs on a virtual clock, with a link between them that delays, loses, reorders and
// repeats messages by a seed.
#pragma once

#include "messagehandler/stream_pair.hpp"

#include <functional>
#include <map>
#include <random>
#include <vector>

namespace curvecp::messagehandler {

struct Link {
    Duration delay = std::chrono::milliseconds(5);
    double loss = 0;
    double reordering = 0;  // delayed by as much again
    double duplication = 0;
    bool cut = false;
    std::function<bool(Bytes)> drops = [](Bytes) { return false; };  // a message that was sent
};

// A pair and a program that writes `output` and keeps what it reads.
class Endpoint {
  public:
    Endpoint(StreamPair::Config config, TimePoint now) : pair(config, now) {}

    void write_output() {
        while (written < output.size()) {
            const MutableBytes room = pair.output_room();
            if (room.empty()) return;
            const std::size_t size = std::min(room.size(), output.size() - written);
            std::copy_n(output.begin() + static_cast<std::ptrdiff_t>(written), size, room.begin());
            pair.commit_output(size);
            written += size;
        }
        if (ends) pair.end_output(ending);
    }
    void read_input(TimePoint now) {
        while (!paused && read(now, kMaxStreamSize)) {
        }
    }
    // True where something was there.
    bool read(TimePoint now, std::size_t most) {
        const Bytes all = pair.input();
        const Bytes bytes = all.first(std::min(most, all.size()));
        input.insert(input.end(), bytes.begin(), bytes.end());
        if (!bytes.empty()) pair.consume_input(now, bytes.size());
        return !bytes.empty();
    }

    StreamPair pair;
    std::vector<std::uint8_t> output;
    std::vector<std::uint8_t> input;
    std::size_t written = 0;
    bool ends = true;
    bool paused = false;
    Ending ending = Ending::Success;
    std::size_t sent_messages = 0;
    std::size_t most_at_once = 0;
    std::vector<std::vector<std::uint8_t>> log;  // where `keep_log`
    bool keep_log = false;
};

class Loopback {
  public:
    Loopback(StreamPair::Config a_config, StreamPair::Config b_config, Link link_,
             std::uint32_t seed)
        : a(a_config, now), b(b_config, now), link(link_), random_(seed) {}

    // Runs until both are finished, nothing will happen any more, or `until`; false at a standstill
    // that is a busy loop.
    bool run_until(TimePoint until) {
        while (true) {
            if (!settle(a, to_b_) || !settle(b, to_a_)) return false;
            if (finished(a) && finished(b)) return true;
            const auto next = next_event();
            if (!next || *next > until) {
                now = until;
                return true;
            }
            if (*next <= now && ++stuck_ > 1000) return false;
            if (*next > now) stuck_ = 0;
            now = std::max(now, *next);
            deliver(to_a_, a);
            deliver(to_b_, b);
        }
    }
    bool run_for(Duration duration) { return run_until(now + duration); }

    static bool finished(const Endpoint& end) {
        return end.pair.status() == StreamPair::Status::Done ||
               end.pair.status() == StreamPair::Status::PeerVanished;
    }

    TimePoint now{std::chrono::seconds(1000)};
    Endpoint a;
    Endpoint b;
    Link link;

  private:
    using Queue = std::multimap<TimePoint, std::vector<std::uint8_t>>;

    bool settle(Endpoint& end, Queue& queue) {
        end.read_input(now);
        end.write_output();
        std::array<std::uint8_t, kMaxMessageSize> out{};
        std::size_t count = 0;
        while (const std::size_t size = end.pair.next_message(now, out)) {
            send(std::vector<std::uint8_t>(out.begin(), out.begin() + static_cast<int>(size)),
                 queue);
            if (end.keep_log)
                end.log.emplace_back(out.begin(), out.begin() + static_cast<int>(size));
            end.write_output();
            if (++count > 10000) return false;
        }
        end.sent_messages += count;
        end.most_at_once = std::max(end.most_at_once, count);
        return true;
    }
    bool chance(double probability) {
        return std::uniform_real_distribution<>(0, 1)(random_) < probability;
    }
    void send(const std::vector<std::uint8_t>& message, Queue& queue) {
        if (link.cut || chance(link.loss) || link.drops(message)) return;
        const Duration delay = chance(link.reordering) ? 2 * link.delay : link.delay;
        queue.emplace(now + delay, message);
        if (chance(link.duplication)) queue.emplace(now + delay + link.delay / 2, message);
    }
    void deliver(Queue& queue, Endpoint& end) {
        while (!queue.empty() && queue.begin()->first <= now) {
            end.pair.on_message(now, queue.begin()->second);
            queue.erase(queue.begin());
        }
    }
    [[nodiscard]] std::optional<TimePoint> next_event() const {
        auto next = earlier(a.pair.next_deadline(), b.pair.next_deadline());
        if (!to_a_.empty()) next = earlier(next, to_a_.begin()->first);
        if (!to_b_.empty()) next = earlier(next, to_b_.begin()->first);
        return next;
    }

    std::mt19937 random_;
    Queue to_a_;
    Queue to_b_;
    int stuck_ = 0;
};

inline std::vector<std::uint8_t> random_bytes(std::size_t size, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<std::uint8_t> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

}  // namespace curvecp::messagehandler
