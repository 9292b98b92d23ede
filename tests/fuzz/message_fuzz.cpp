// What decodes and is encoded again decodes to the same: but for ranges behind a gap that has no
// place any more, since empty ranges, whose gaps it was made of, are left out.
#include "messagehandler/message.hpp"
#include "tests/fuzz/input.hpp"

namespace curvecp::messagehandler {
namespace {

using fuzz::require;

Message again(const Message& message, std::array<std::uint8_t, kMaxMessageSize>& bytes) {
    const Encoded encoded = encode(message.header, bytes);
    require(is_message_size(encoded.size), "it has a message's size");
    require(encoded.block.size() == message.block.size(), "there is a place for the block");
    std::copy(message.block.begin(), message.block.end(), encoded.block.begin());
    const auto decoded = decode(Bytes(bytes).first(encoded.size));
    require(decoded.has_value(), "what was encoded decodes");
    return *decoded;
}

void same_but_for_ranges(const Message& a, const Message& b) {
    require(a.header.id == b.header.id, "id");
    require(a.header.acknowledged_id == b.header.acknowledged_id, "acknowledged id");
    require(a.header.ending == b.header.ending, "ending");
    require(a.header.position == b.header.position, "position");
    require(a.header.block_size == b.header.block_size, "block size");
    require(std::equal(a.block.begin(), a.block.end(), b.block.begin(), b.block.end()), "block");
}

void check_ranges(std::span<const Range> ranges) {
    require(!ranges.empty() && ranges[0].begin == StreamPosition{0}, "the first is from 0");
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        require(ranges[i - 1].end <= ranges[i].begin, "they are sorted");
        require(!ranges[i].empty(), "none is empty");
    }
}

void try_message(Bytes bytes) {
    const auto first = decode(bytes);
    if (!first) return;
    check_ranges(first->header.acknowledged.view());
    std::array<std::uint8_t, kMaxMessageSize> second_bytes{};
    const Message second = again(*first, second_bytes);
    same_but_for_ranges(*first, second);
    const auto all = first->header.acknowledged.view();
    const auto kept = second.header.acknowledged.view();
    require(kept.size() <= all.size(), "no range is new");
    require(std::equal(kept.begin(), kept.end(), all.begin()), "the first ranges are kept");
    std::array<std::uint8_t, kMaxMessageSize> third_bytes{};
    same_but_for_ranges(second, again(second, third_bytes));
    require(third_bytes == second_bytes, "encoded twice it is the same");
}

}  // namespace
}  // namespace curvecp::messagehandler

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = curvecp::fuzz::copy_of({data, size});
    curvecp::messagehandler::try_message(bytes);
    return 0;
}
