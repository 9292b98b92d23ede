#include "messagehandler/receive_stream.hpp"

#include "tests/unit/messagehandler/values.hpp"

#include <numeric>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;

namespace {

using Outcome = ReceiveStream::Outcome;
using Block = std::vector<std::uint8_t>;

Block block(std::size_t size, std::uint8_t first = 0) {
    Block bytes(size);
    std::iota(bytes.begin(), bytes.end(), first);
    return bytes;
}

Block read_all_of(ReceiveStream& stream) {
    Block bytes;
    for (Bytes piece = stream.readable(); !piece.empty(); piece = stream.readable()) {
        bytes.insert(bytes.end(), piece.begin(), piece.end());
        stream.consume(piece.size());
    }
    return bytes;
}

}  // namespace

TEST_CASE("bytes come out in order whatever order the blocks came in") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const Block whole = [&] {
            Block bytes(50000);
            for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
            return bytes;
        }();
        ReceiveStream stream(16384);
        Block read;
        while (!stream.end()) {
            const std::size_t from =
                std::min<std::size_t>(whole.size(), read.size() + random() % 16000 -
                                                        std::min<std::size_t>(read.size(), 500));
            const std::size_t size = std::min<std::size_t>(random() % 1025, whole.size() - from);
            const bool last = from + size == whole.size();
            static_cast<void>(stream.accept({from}, Bytes(whole).subspan(from, size),
                                            last ? std::optional(Ending::Success) : std::nullopt));
            const Block some = read_all_of(stream);
            read.insert(read.end(), some.begin(), some.end());
        }
        CHECK(read == whole);
    }
}

TEST_CASE("bytes that are there already stay as they are") {
    ReceiveStream stream(256 * 1024);
    CHECK(stream.accept({4}, Block(4, 'b'), std::nullopt) == Outcome::NewGap);
    CHECK(stream.accept({2}, Block(8, 'c'), std::nullopt) == Outcome::NewGap);
    CHECK(stream.accept({0}, Block(12, 'd'), std::nullopt) == Outcome::Closing);
    CHECK(stream.accept({0}, Block(12, 'e'), std::nullopt) == Outcome::Duplicate);
    CHECK(stream.accept({10}, Block(4, 'f'), std::nullopt) == Outcome::InOrder);
    const Block read = read_all_of(stream);
    CHECK(std::string(read.begin(), read.end()) == "ddccbbbbccddff");
}

TEST_CASE("a block that lies beyond the buffer, even in part, is dropped whole") {
    ReceiveStream stream(4096);
    CHECK(stream.accept({3073}, block(1024), std::nullopt) == Outcome::Refused);
    CHECK(stream.acknowledged().count == 1);
    CHECK(stream.accept({3072}, block(1024), std::nullopt) == Outcome::NewGap);
    for (std::uint64_t at = 0; at < 3072; at += 1024)
        stream.accept({at}, block(1024), std::nullopt);
    CHECK(stream.accept({4096}, block(1), std::nullopt) == Outcome::Refused);
    CHECK(stream.room() == 0);
    stream.consume(1);
    CHECK(stream.room() == 1);
    CHECK(stream.accept({4096}, block(1), std::nullopt) == Outcome::InOrder);
}

TEST_CASE("an end needs no room, is acknowledged like a byte, and only when all is there") {
    ReceiveStream stream(4096);
    for (std::uint64_t at = 0; at < 4096; at += 1024)
        stream.accept({at}, block(1024), std::nullopt);
    CHECK(stream.acknowledged().ranges[0] == range(0, 4096));
    CHECK(stream.accept({4096}, {}, Ending::Failure) == Outcome::Closing);
    CHECK(stream.acknowledged().ranges[0] == range(0, 4097));
    CHECK(stream.complete());
    CHECK_FALSE(stream.end());
    read_all_of(stream);
    CHECK(stream.end() == Ending::Failure);

    ReceiveStream gap(256 * 1024);
    gap.accept({10}, block(10), Ending::Success);
    CHECK(gap.acknowledged().ranges[0] == range(0, 0));
    CHECK(gap.acknowledged().ranges[1] == range(10, 20));
    gap.accept({0}, block(10), std::nullopt);
    CHECK(gap.acknowledged().ranges[0] == range(0, 21));
}

TEST_CASE("an empty stream ends") {
    ReceiveStream stream(256 * 1024);
    CHECK(stream.accept({0}, {}, Ending::Success) == Outcome::Closing);
    CHECK(stream.acknowledged().ranges[0] == range(0, 1));
    CHECK(stream.end() == Ending::Success);
    CHECK(stream.accept({0}, {}, Ending::Success) == Outcome::Duplicate);
}

TEST_CASE("the first accepted end is final and what contradicts it is ignored") {
    ReceiveStream stream(256 * 1024);
    stream.accept({10}, block(10), std::nullopt);
    CHECK(stream.accept({15}, {}, Ending::Success) == Outcome::Ignored);  // bytes are behind it
    CHECK(stream.accept({20}, {}, Ending::Success) == Outcome::Closing);
    CHECK(stream.accept({20}, {}, Ending::Success) == Outcome::Duplicate);
    CHECK(stream.accept({20}, {}, Ending::Failure) == Outcome::Ignored);
    CHECK(stream.accept({21}, {}, Ending::Success) == Outcome::Ignored);
    CHECK(stream.accept({19}, {}, Ending::Success) == Outcome::Ignored);
    CHECK(stream.accept({20}, block(1), std::nullopt) == Outcome::Ignored);
    CHECK(stream.accept({0}, block(30), std::nullopt) == Outcome::Ignored);
    CHECK(stream.accept({0}, block(10), std::nullopt) == Outcome::Closing);
    CHECK(stream.complete());
}

TEST_CASE("an end that comes before its bytes, however far away, costs no memory") {
    ReceiveStream stream(256 * 1024);
    CHECK(stream.accept({1000}, {}, Ending::Success) == Outcome::Closing);
    CHECK(stream.accept({0}, block(1000), std::nullopt) == Outcome::InOrder);
    CHECK(stream.complete());
    CHECK(stream.memory() == 4096);
    CHECK(read_all_of(stream) == block(1000));
    CHECK(stream.end() == Ending::Success);

    ReceiveStream far(256 * 1024);
    far.accept({kMaxStreamSize}, {}, Ending::Success);
    CHECK(far.releasable());
    CHECK(far.accept({0}, block(10), std::nullopt) == Outcome::InOrder);
    CHECK(far.accept({20}, block(10), std::nullopt) == Outcome::NewGap);
    CHECK(far.memory() == 4096);
    CHECK(far.accept({kMaxStreamSize - 1}, block(1), std::nullopt) == Outcome::Refused);
}

TEST_CASE("a refused block brings no end") {
    ReceiveStream stream(4096);
    CHECK(stream.accept({4090}, block(10), Ending::Success) == Outcome::Refused);
    CHECK(stream.accept({0}, block(3), Ending::Success) == Outcome::InOrder);
    CHECK(stream.complete());
}

TEST_CASE("the ranges are the first and five around the newest block") {
    ReceiveStream stream(256 * 1024);
    for (std::uint64_t i = 1; i <= 9; ++i) stream.accept({i * 100}, block(10), std::nullopt);
    AcknowledgedRanges ranges = stream.acknowledged();
    CHECK(ranges.count == 6);
    CHECK(ranges.ranges[0] == range(0, 0));
    CHECK(ranges.ranges[1] == range(500, 510));
    CHECK(ranges.ranges[5] == range(900, 910));
    stream.accept({210}, block(5), std::nullopt);
    ranges = stream.acknowledged();
    CHECK(ranges.ranges[1] == range(100, 110));
    CHECK(ranges.ranges[2] == range(200, 215));
    CHECK(ranges.ranges[5] == range(500, 510));
}

TEST_CASE("too many holes are refused, and what closes one is not") {
    ReceiveStream stream(256 * 1024);
    std::uint64_t at = 1;
    while (stream.accept({at}, block(1), std::nullopt) == Outcome::NewGap) at += 2;
    CHECK(at > 1000);
    CHECK(stream.accept({at}, block(1), std::nullopt) == Outcome::Refused);
    CHECK(stream.accept({0}, block(1), std::nullopt) == Outcome::Closing);
    CHECK(stream.accept({at}, block(1), std::nullopt) == Outcome::NewGap);
}

TEST_CASE("a discarded stream is acknowledged and kept nowhere") {
    ReceiveStream stream(4096);
    stream.accept({0}, block(1000), std::nullopt);
    stream.discard();
    CHECK(stream.readable().empty());
    for (std::uint64_t at = 1000; at < 100000; at += 1000) {
        CHECK(stream.accept({at}, block(1000), std::nullopt) == Outcome::InOrder);
    }
    CHECK(stream.acknowledged().ranges[0] == range(0, 100000));
    CHECK(stream.readable().empty());
    stream.accept({100000}, {}, Ending::Success);
    CHECK(stream.end() == Ending::Success);
}

TEST_CASE("memory grows with need and can be given back") {
    ReceiveStream stream(256 * 1024);
    CHECK(stream.memory() == 0);
    stream.accept({0}, block(1000), std::nullopt);
    CHECK(stream.memory() == 4096);
    stream.accept({200000}, block(1000), std::nullopt);
    CHECK(stream.memory() == 262144);
    stream.release_memory();
    CHECK(stream.memory() == 262144);
    CHECK(read_all_of(stream) == block(1000));
}
