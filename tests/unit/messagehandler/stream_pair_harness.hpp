// A stream pair against messages made by hand.
#pragma once

#include "messagehandler/stream_pair.hpp"
#include "tests/unit/messagehandler/values.hpp"

#include <vector>

#include <doctest/doctest.h>

namespace curvecp::messagehandler {

using namespace std::chrono_literals;

using Status = StreamPair::Status;

struct Sent {
    TimePoint at;
    std::size_t size;
    MessageHeader header;
    std::vector<std::uint8_t> block;
};

// A pair on a clock of its own, and a peer that says what the test wants.
struct Harness {
    explicit Harness(Role role, Duration timeout = 60s)
        : Harness(StreamPair::Config{.role = role, .timeout = timeout}) {}
    explicit Harness(const StreamPair::Config& config) : pair(config, kStart) {}

    // What leaves now.
    std::vector<Sent> take() {
        std::vector<Sent> result;
        std::array<std::uint8_t, kMaxMessageSize> out{};
        while (const std::size_t size = pair.next_message(now, out)) {
            REQUIRE(result.size() < 1000);
            const auto message = decode(Bytes(out).first(size));
            REQUIRE(message);
            result.push_back(
                {now, size, message->header, {message->block.begin(), message->block.end()}});
        }
        const auto next = pair.next_deadline();
        if (next) CHECK(*next > now);
        return result;
    }
    // What leaves until then, with nothing from the peer.
    std::vector<Sent> run_for(Duration duration) {
        const TimePoint end = now + duration;
        std::vector<Sent> result = take();
        for (auto next = pair.next_deadline(); next && *next <= end; next = pair.next_deadline()) {
            now = *next;
            for (auto& message : take()) result.push_back(message);
        }
        now = end;
        return result;
    }
    void receive(MessageHeader header, std::string_view block = {}) {
        std::array<std::uint8_t, kMaxMessageSize> bytes{};
        header.block_size = block.size();
        if (header.acknowledged.count == 0) header.acknowledged.add({});
        if (limit) header.receive_limit = ReceiveLimit{answer_delay, {*limit}};
        const Encoded message = encode(header, bytes);
        std::copy(block.begin(), block.end(), message.block.begin());
        pair.on_message(now, Bytes(bytes).first(message.size));
    }
    // An acknowledgment of everything before `position`.
    void acknowledge(std::uint64_t position, MessageId id = kNoId) {
        MessageHeader header;
        header.acknowledged_id = id;
        header.acknowledged.add({{0}, {position}});
        receive(header);
    }
    void receive_ping(std::uint32_t id) {
        MessageHeader header;
        header.id = MessageId{id};
        receive(header);
    }
    void receive_block(std::uint32_t id, std::uint64_t position, std::string_view block,
                       std::optional<Ending> ending = std::nullopt) {
        MessageHeader header;
        header.id = MessageId{id};
        header.position = {position};
        header.ending = ending;
        receive(header, block);
    }
    void write(std::size_t size) {
        while (size > 0) {
            const MutableBytes room = pair.output_room();
            REQUIRE_FALSE(room.empty());
            const std::size_t part = std::min(size, room.size());
            std::fill_n(room.begin(), part, std::uint8_t{'x'});
            pair.commit_output(part);
            size -= part;
        }
    }

    TimePoint now = kStart;
    // What the peer says of how far it buffers; nothing, like the reference, where there is none.
    std::optional<std::uint64_t> limit;
    std::optional<Duration> answer_delay;
    StreamPair pair;
};

inline bool is_ping(const Sent& sent) {
    return sent.header.is_ping() && sent.size == 192 && sent.header.position == StreamPosition{0};
}

// Gives the pair a round-trip time of 20 ms and an established connection.
inline Harness established(const StreamPair::Config& config,
                           std::optional<std::uint64_t> limit = std::nullopt) {
    Harness harness(config);
    harness.limit = limit;
    static_cast<void>(harness.take());
    harness.write(1);
    const auto sent = harness.take();
    REQUIRE(sent.size() == 1);
    harness.now += 20ms;
    harness.acknowledge(1, sent[0].header.id);
    CHECK(harness.pair.rtt().smoothed() == 20ms);
    CHECK(harness.take().empty());
    return harness;
}
inline Harness established(Role role = Role::Server) {
    return established(StreamPair::Config{.role = role});
}

}  // namespace curvecp::messagehandler
