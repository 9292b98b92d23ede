// However a stream of frames comes in pieces, the reader cuts it like the whole.
#include "curvecp/core/frame.hpp"
#include "tests/fuzz/input.hpp"

namespace curvecp::fuzz {
namespace {

struct Cut {
    std::vector<Buffer> messages;
    bool broken = false;  // by a bad length byte
    bool operator==(const Cut&) const = default;
};

Cut naive(Bytes stream) {
    Cut cut;
    while (!stream.empty()) {
        const std::size_t size = std::size_t{stream[0]} * 16;
        cut.broken = size == 0 || size > 1088;
        if (cut.broken || stream.size() < 1 + size) break;
        cut.messages.push_back(copy_of(stream.subspan(1, size)));
        stream = stream.subspan(1 + size);
    }
    return cut;
}

// `pieces` decides how much each read brings.
Cut read(Input pieces, Bytes stream) {
    FrameReader reader;
    Buffer buffer(kMaxFrameSize + 1 + pieces.byte());
    Cut cut;
    while (!stream.empty() && !cut.broken) {
        const MutableBytes room = reader.prepare(buffer);
        require(!room.empty(), "there is room for more");
        const std::size_t size =
            std::min({room.size(), stream.size(), std::size_t{1} + pieces.byte() * 5U});
        std::copy_n(stream.begin(), size, room.begin());
        stream = stream.subspan(size);
        reader.received(size);
        auto next = reader.next();
        for (; std::holds_alternative<MutableBytes>(next); next = reader.next()) {
            const auto message = std::get<MutableBytes>(next);
            require(message.data()[-1] == message.size() / 16, "its length byte is in front");
            cut.messages.push_back(copy_of(message));
        }
        cut.broken = std::holds_alternative<FrameReader::BadLengthByte>(next);
        std::fill(buffer.begin(), buffer.end(), std::uint8_t{0xee});
    }
    return cut;
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace curvecp::fuzz;
    Input input({data, size});
    const auto pieces = input.take(16);
    const auto stream = input.rest();
    require(read(Input(pieces), stream) == naive(stream), "the cuts are the same");
    return 0;
}
