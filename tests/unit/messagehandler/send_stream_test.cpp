#include "messagehandler/send_stream.hpp"

#include "tests/unit/messagehandler/values.hpp"

#include <random>
#include <set>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;

namespace {

using State = SentBlock::State;

AcknowledgedRanges ranges(std::initializer_list<Range> list) {
    AcknowledgedRanges result;
    for (const Range& part : list) result.add(part);
    return result;
}

// Each byte says where it belongs.
std::uint8_t byte_at(std::uint64_t position) {
    return static_cast<std::uint8_t>(position * 7 + position / 256);
}

constexpr std::size_t kMost = std::size_t{256} * 1024;

struct Sender {
    SendStream stream;
    std::uint64_t written = 0;
    std::uint64_t transmission = 0;

    void write(std::size_t size) {
        while (size > 0) {
            const MutableBytes room = stream.room(kMost);
            REQUIRE_FALSE(room.empty());
            const std::size_t part = std::min(size, room.size());
            for (std::size_t i = 0; i < part; ++i) room[i] = byte_at(written + i);
            stream.commit(part);
            written += part;
            size -= part;
        }
    }
    // What the message says, after its bytes were checked.
    MessageHeader send(SentBlock& block) {
        MessageHeader header;
        stream.describe(block, header);
        std::vector<std::uint8_t> bytes(header.block_size);
        stream.copy(block, bytes);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            CHECK(bytes[i] == byte_at(header.position.value + i));
        }
        stream.blocks().sent(block, transmission++, header.block_size + 100);
        return header;
    }
    MessageHeader send_new(std::size_t max_size = 1024) { return send(stream.cut(max_size)); }
    void lose(Range part) {
        // The newest transmission of the block that begins there.
        for (std::uint64_t i = 0; i < transmission; ++i) stream.blocks().lost(part.begin, i);
    }
};

}  // namespace

TEST_CASE("the output is cut into blocks, and the end goes with the last") {
    Sender sender;
    CHECK_FALSE(sender.stream.has_new());
    sender.write(1500);
    CHECK(sender.send_new().block_size == 1024);
    const MessageHeader second = sender.send_new();
    CHECK(second.position == StreamPosition{1024});
    CHECK(second.block_size == 476);
    CHECK_FALSE(second.ending);
    CHECK_FALSE(sender.stream.has_new());
    sender.write(10);
    sender.stream.end(Ending::Failure);
    sender.stream.end(Ending::Success);  // too late
    const MessageHeader third = sender.send_new();
    CHECK(third.block_size == 10);
    CHECK(third.ending == Ending::Failure);
    CHECK_FALSE(sender.stream.has_new());
    CHECK(sender.stream.room(kMost).empty());
}

TEST_CASE("an end after the last byte has a block of its own") {
    Sender sender;
    sender.write(10);
    sender.send_new();
    sender.stream.end(Ending::Success);
    const MessageHeader end = sender.send_new();
    CHECK(end.position == StreamPosition{10});
    CHECK(end.block_size == 0);
    CHECK(end.ending == Ending::Success);
    static_cast<void>(sender.stream.acknowledge(ranges({range(0, 10)})));
    CHECK_FALSE(sender.stream.complete());
    static_cast<void>(sender.stream.acknowledge(ranges({range(0, 11)})));
    CHECK(sender.stream.complete());
}

TEST_CASE("only a first range acknowledges the end") {
    Sender sender;
    sender.write(10);
    sender.stream.end(Ending::Success);
    sender.send_new();
    static_cast<void>(sender.stream.acknowledge(ranges({range(0, 0), range(1, 11)})));
    static_cast<void>(sender.stream.acknowledge(ranges({range(0, 1)})));
    CHECK(sender.stream.blocks().acknowledged() == StreamPosition{10});
    CHECK_FALSE(sender.stream.complete());
    const MessageHeader again = sender.send(sender.stream.blocks().take_oldest());
    CHECK(again.position == StreamPosition{10});
    CHECK(again.block_size == 0);
    CHECK(again.ending == Ending::Success);
}

TEST_CASE("ranges are cut to what was sent at that moment, and void beyond") {
    Sender sender;
    sender.write(3000);
    sender.send_new();
    CHECK(sender.stream.acknowledge(ranges({range(0, ~std::uint64_t{0})})).size() == 1);
    CHECK(sender.stream.blocks().acknowledged() == StreamPosition{1024});
    sender.send_new();
    CHECK(sender.stream.acknowledge(ranges({range(0, 0), range(2048, 2100)})).empty());
    sender.send_new();
    CHECK(sender.stream.acknowledge(ranges({range(0, 1024)})).empty());  // not credited later
    CHECK(sender.stream.acknowledge(ranges({range(0, 1024), range(2048, 9999)})).size() == 1);
    CHECK(sender.stream.acknowledge(ranges({range(0, 2048)})).size() == 1);
    CHECK(sender.stream.blocks().acknowledged() == StreamPosition{3000});
    CHECK(sender.stream.blocks().bytes_in_flight() == 0);
}

TEST_CASE("what was acknowledged is never sent again, not even in part") {
    Sender sender;
    sender.write(1024);
    sender.send_new();
    static_cast<void>(
        sender.stream.acknowledge(ranges({range(0, 10), range(100, 200), range(1000, 1024)})));
    sender.lose(range(0, 0));
    REQUIRE(sender.stream.blocks().has_lost());
    const MessageHeader first = sender.send(sender.stream.blocks().take_lost());
    CHECK(first.position == StreamPosition{10});
    CHECK(first.block_size == 90);
    REQUIRE(sender.stream.blocks().has_lost());
    const MessageHeader second = sender.send(sender.stream.blocks().take_lost());
    CHECK(second.position == StreamPosition{200});
    CHECK(second.block_size == 800);
    CHECK_FALSE(sender.stream.blocks().has_lost());
    CHECK(sender.stream.blocks().bytes_in_flight() == 90 + 800 + 200);
    CHECK(sender.stream.acknowledge(ranges({range(0, 1024)})).size() == 2);
    CHECK(sender.stream.blocks().empty());
}

TEST_CASE("a block is lost and echoed only by its newest transmission") {
    Sender sender;
    sender.write(1024);
    sender.send_new();
    sender.stream.blocks().lost({0}, 0);
    sender.send(sender.stream.blocks().take_lost());
    sender.stream.blocks().lost({0}, 0);
    CHECK_FALSE(sender.stream.blocks().has_lost());
    CHECK(sender.stream.blocks().in_flight({0}, 1));
    sender.stream.blocks().echoed({0}, 1);
    CHECK(sender.stream.blocks().bytes_in_flight() == 0);
    sender.stream.blocks().lost({0}, 1);
    CHECK_FALSE(sender.stream.blocks().has_lost());  // it is probably there
}

TEST_CASE("at most 131072 bytes are sent beyond the first range, and the end needs no room") {
    Sender sender;
    sender.write(200000);
    std::uint64_t sent = 0;
    while (sender.stream.has_new()) sent += sender.send_new().block_size;
    CHECK(sent == 131072);
    static_cast<void>(sender.stream.acknowledge(ranges({range(0, 1), range(2000, 100000)})));
    REQUIRE(sender.stream.has_new());
    CHECK(sender.send_new().block_size == 1);
    CHECK_FALSE(sender.stream.has_new());

    Sender exact;
    exact.write(131072);
    while (exact.stream.has_new()) exact.send_new();
    exact.stream.end(Ending::Success);
    REQUIRE(exact.stream.has_new());
    CHECK(exact.send_new().ending == Ending::Success);
}

TEST_CASE("whatever ranges a peer sends, what it acknowledged agrees with a plain set") {
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        Sender sender;
        sender.write(5000);
        std::set<std::uint64_t> credited;
        std::uint64_t sent = 0;
        for (int step = 0; step < 200 && !sender.stream.complete(); ++step) {
            if (random() % 3 == 0 && sender.stream.has_new()) {
                const MessageHeader header = sender.send_new(1 + random() % 300);
                sent = header.position.value + header.block_size;
                if (header.ending) ++sent;
            }
            if (random() % 20 == 0) sender.stream.end(Ending::Success);
            const std::uint64_t total =
                sent > 5000 ? 5000 : sent;  // bytes that later ranges can acknowledge
            AcknowledgedRanges list;
            std::uint64_t at = random() % 10 == 0 ? random() % 3000 : 0;
            list.add(range(0, at));
            for (auto i = std::uint64_t{0}; i < std::min(at, sent); ++i) credited.insert(i);
            for (int i = 0; i < 5; ++i) {
                const std::uint64_t begin = at + random() % 2000;
                at = begin + 1 + random() % 200;
                list.add(range(begin, at));
                for (auto p = begin; p < std::min(at, total); ++p) credited.insert(p);
            }
            static_cast<void>(sender.stream.acknowledge(list));
            std::uint64_t first = 0;
            while (credited.contains(first)) ++first;
            CHECK(sender.stream.blocks().acknowledged() == StreamPosition{first});
            for (std::uint64_t p = 0; p < sent; p += 1 + random() % 50) sender.lose(range(p, p));
            while (sender.stream.blocks().has_lost()) {
                const MessageHeader header = sender.send(sender.stream.blocks().take_lost());
                for (auto p = header.position.value; p < header.position.value + header.block_size;
                     ++p) {
                    CHECK_FALSE(credited.contains(p));
                }
                CHECK((header.block_size > 0 || header.ending));
            }
        }
        sender.stream.end(Ending::Success);
        while (!sender.stream.complete()) {
            while (sender.stream.has_new()) sender.send_new();
            static_cast<void>(sender.stream.acknowledge(ranges({range(0, ~std::uint64_t{0})})));
        }
        CHECK(sender.stream.blocks().bytes_in_flight() == 0);
        CHECK_FALSE(sender.stream.blocks().has_lost());
    }
}

TEST_CASE("the buffer is bounded, grows with need and can be given back") {
    Sender sender;
    CHECK(sender.stream.memory() == 0);
    sender.write(1);
    CHECK(sender.stream.memory() == 4096);
    sender.write(kMost - 1);
    CHECK(sender.stream.memory() == kMost);
    CHECK(sender.stream.room(kMost).empty());
    sender.stream.release_memory();
    CHECK(sender.stream.memory() == kMost);
    while (!sender.stream.blocks().empty() || sender.stream.has_new()) {
        while (sender.stream.has_new()) sender.send_new();
        static_cast<void>(sender.stream.acknowledge(ranges({range(0, ~std::uint64_t{0})})));
    }
    sender.stream.release_memory();
    CHECK(sender.stream.memory() == 0);
    CHECK(sender.stream.room(kMost).size() >= 1024);
}
