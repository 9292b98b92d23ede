#include "messagehandler/message.hpp"

#include "curvecp/core/endian.hpp"
#include "tests/unit/messagehandler/values.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;

namespace {

using Buffer = std::array<std::uint8_t, kMaxMessageSize>;

Buffer dirty() {
    Buffer buffer{};
    buffer.fill(0xee);
    return buffer;
}

template <class Integer>
void put(Buffer& buffer, std::size_t offset, Integer value) {
    store_le<Integer>(value, MutableBytes(buffer).subspan(offset).first<sizeof(Integer)>());
}

// A message of 192 bytes with a D field and a position.
Buffer with_block(std::uint16_t size_and_flags, std::uint64_t position) {
    Buffer buffer{};
    put<std::uint16_t>(buffer, 38, size_and_flags);
    put<std::uint64_t>(buffer, 40, position);
    return buffer;
}

std::optional<Message> decode_192(const Buffer& buffer) {
    return decode(Bytes(buffer).first(192));
}

}  // namespace

TEST_CASE("a message has its fields where the specification puts them") {
    MessageHeader header;
    header.id = MessageId{0x04030201};
    header.acknowledged_id = MessageId{0x08070605};
    header.acknowledged.add(range(0, 0x100));
    header.acknowledged.add(range(0x10100, 0x10102));
    header.acknowledged.add(range(0x10105, 0x10109));
    header.acknowledged.add(range(0x1010e, 0x10114));
    header.acknowledged.add(range(0x1011b, 0x10123));
    header.acknowledged.add(range(0x1012c, 0x10136));
    header.ending = Ending::Success;
    header.position = {0x1716151413121110 & kMaxStreamSize};
    header.block_size = 2;
    Buffer buffer = dirty();
    const Encoded encoded = encode(header, buffer);
    CHECK(encoded.size == 192);
    CHECK(encoded.block.data() == buffer.data() + 190);
    CHECK(encoded.block.size() == 2);
    const std::array<std::uint8_t, 48> expected{
        1, 2, 3, 4, 5,  6, 7, 8, 0,    1,    0,    0,    0,    0,    0,    0,
        0, 0, 1, 0, 2,  0, 3, 0, 4,    0,    5,    0,    6,    0,    7,    0,
        8, 0, 9, 0, 10, 0, 2, 8, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x07};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        CHECK(buffer[i] == expected[i]);
    }
    CHECK(std::all_of(buffer.begin() + 48, buffer.begin() + 190,
                      [](auto byte) { return byte == 0; }));

    const auto message = decode(Bytes(buffer).first(encoded.size));
    REQUIRE(message);
    CHECK(message->header.id == header.id);
    CHECK(message->header.acknowledged_id == header.acknowledged_id);
    CHECK(message->header.acknowledged.count == 6);
    CHECK(message->header.acknowledged.ranges == header.acknowledged.ranges);
    CHECK(message->header.ending == Ending::Success);
    CHECK(message->header.position == header.position);
    CHECK(message->block.data() == buffer.data() + 190);
    CHECK(message->block.size() == 2);
}

TEST_CASE("sizes are padded to 192, 320, 576 or 1088 with room for 16 bytes of padding") {
    CHECK(padded_size(0) == 192);
    CHECK(padded_size(128) == 192);
    CHECK(padded_size(129) == 320);
    CHECK(padded_size(256) == 320);
    CHECK(padded_size(257) == 576);
    CHECK(padded_size(512) == 576);
    CHECK(padded_size(513) == 1088);
    CHECK(padded_size(1024) == 1088);
}

TEST_CASE("what is no message is ignored") {
    Buffer buffer{};
    CHECK_FALSE(decode({}));
    CHECK_FALSE(decode(Bytes(buffer).first(32)));
    CHECK_FALSE(decode(Bytes(buffer).first(47)));
    CHECK_FALSE(decode(Bytes(buffer).first(63)));
    CHECK(decode(Bytes(buffer).first(48)));
    CHECK(decode(Bytes(buffer).first(1088)));
}

TEST_CASE("a block must fit into its message, into 1024 bytes and into the stream") {
    CHECK(decode_192(with_block(144, 0)));
    CHECK_FALSE(decode_192(with_block(145, 0)));
    CHECK(decode(Bytes(with_block(1024, 0))));
    CHECK_FALSE(decode(Bytes(with_block(1025, 0))));
    // All bits of the field but the two flags belong to D.
    CHECK_FALSE(decode_192(with_block(8192, 0)));
    CHECK_FALSE(decode_192(with_block(32768 + 1, 0)));
    CHECK(decode_192(with_block(1, kMaxStreamSize - 1)));
    CHECK_FALSE(decode_192(with_block(1, kMaxStreamSize)));
    CHECK(decode_192(with_block(0, kMaxStreamSize)));
    CHECK_FALSE(decode_192(with_block(0, kMaxStreamSize + 1)));
    CHECK_FALSE(decode_192(with_block(10, ~std::uint64_t{0})));
}

TEST_CASE("both flags together are failure") {
    CHECK(decode_192(with_block(0, 0))->header.ending == std::nullopt);
    CHECK(decode_192(with_block(2048, 0))->header.ending == Ending::Success);
    CHECK(decode_192(with_block(4096, 0))->header.ending == Ending::Failure);
    CHECK(decode_192(with_block(4096 + 2048, 0))->header.ending == Ending::Failure);
    CHECK(decode_192(with_block(4096 + 2048 + 7, 0))->block.size() == 7);
}

TEST_CASE("ranges that wrap are left out, with all behind them") {
    Buffer buffer{};
    put<std::uint64_t>(buffer, 8, ~std::uint64_t{0} - 10);
    put<std::uint32_t>(buffer, 16, 5);
    put<std::uint16_t>(buffer, 20, 5);
    put<std::uint16_t>(buffer, 22, 1);
    put<std::uint16_t>(buffer, 24, 1);
    put<std::uint16_t>(buffer, 26, 1);
    put<std::uint16_t>(buffer, 28, 1);
    const auto message = decode_192(buffer);
    REQUIRE(message);
    CHECK(message->header.acknowledged.count == 2);
    CHECK(message->header.acknowledged.ranges[1] ==
          range(~std::uint64_t{0} - 5, ~std::uint64_t{0}));
}

TEST_CASE("empty ranges are left out and their gaps still count") {
    Buffer buffer{};
    put<std::uint64_t>(buffer, 8, 100);
    put<std::uint32_t>(buffer, 16, 50);
    put<std::uint16_t>(buffer, 22, 10);
    put<std::uint16_t>(buffer, 24, 7);
    const auto message = decode_192(buffer);
    REQUIRE(message);
    REQUIRE(message->header.acknowledged.count == 2);
    CHECK(message->header.acknowledged.ranges[1] == range(160, 167));
}

TEST_CASE("a range is cut at 65535 bytes and the list ends where a gap does not fit") {
    MessageHeader header;
    header.acknowledged.add(range(0, 10));
    header.acknowledged.add(range(5'000'000'000'000, 5'000'000'000'001));
    Buffer buffer = dirty();
    CHECK(decode(Bytes(buffer).first(encode(header, buffer).size))->header.acknowledged.count == 1);

    header.acknowledged.count = 1;
    header.acknowledged.add(range(1'000'000, 1'100'000));
    header.acknowledged.add(range(1'100'001, 1'100'002));
    header.acknowledged.add(range(1'200'000, 1'200'001));
    const auto message = decode(Bytes(buffer).first(encode(header, buffer).size));
    REQUIRE(message->header.acknowledged.count == 3);
    CHECK(message->header.acknowledged.ranges[1] == range(1'000'000, 1'065'535));
    CHECK(message->header.acknowledged.ranges[2] == range(1'100'001, 1'100'002));
}

TEST_CASE("what acknowledges nothing says that it has the stream up to position 0") {
    Buffer buffer = dirty();
    const auto message = decode(Bytes(buffer).first(encode(MessageHeader{}, buffer).size));
    REQUIRE(message);
    REQUIRE(message->header.acknowledged.count == 1);
    CHECK(message->header.acknowledged.ranges[0] == range(0, 0));
}

TEST_CASE("a ping has an id, by which it is answered, and brings nothing") {
    MessageHeader ping;
    CHECK_FALSE(ping.is_ping());
    ping.id = MessageId{1};
    CHECK(ping.is_ping());
    MessageHeader end = ping;
    end.ending = Ending::Success;
    CHECK_FALSE(end.is_ping());
    MessageHeader block = ping;
    block.block_size = 1;
    CHECK_FALSE(block.is_ping());
}
