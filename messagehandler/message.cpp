#include "messagehandler/message.hpp"

#include "curvecp/core/endian.hpp"

#include <limits>

namespace curvecp::messagehandler {

namespace {

using Layout = MessageLayout;
using HeaderBytes = FixedBytes<Layout::kHeaderSize>;
using MutableHeaderBytes = MutableFixedBytes<Layout::kHeaderSize>;

constexpr std::uint16_t kSuccessFlag = 2048;  // specification
constexpr std::uint16_t kFailureFlag = 4096;  // specification; both together are failure
constexpr std::array<std::uint8_t, 4> kReceiveLimitMagic{'w', 'i', 'n', '1'};  // specification
constexpr std::uint64_t kMostReceiveLimit = kMaxStreamSize + 1;                // specification
constexpr std::uint32_t kUnknownDelay = 0xffffffff;                            // specification
constexpr std::array<std::size_t, 4> kPaddedSizes{192, 320, 576, 1088};        // specification

template <class F, std::unsigned_integral Integer>
Integer get(HeaderBytes header) {
    return load_le<Integer>(field<F>(header));
}

template <class F, std::unsigned_integral Integer>
void put(MutableHeaderBytes header, Integer value) {
    store_le<Integer>(value, field<F>(header));
}

// Adds up the relative ranges of a message.
class RangeReader {
  public:
    explicit RangeReader(std::uint64_t first) : end_{first} { ranges_.add({{0}, end_}); }

    void add(std::uint64_t gap, std::uint64_t size) {
        if (gap + size > std::numeric_limits<std::uint64_t>::max() - end_.value) wrapped_ = true;
        if (wrapped_) return;
        const StreamPosition begin = end_ + gap;
        end_ = begin + size;
        if (size != 0) ranges_.add({begin, end_});
    }
    [[nodiscard]] const AcknowledgedRanges& ranges() const { return ranges_; }

  private:
    AcknowledgedRanges ranges_;
    StreamPosition end_;
    bool wrapped_ = false;
};

template <class Gap, class Size, std::unsigned_integral GapInteger>
void read_range(HeaderBytes header, RangeReader& reader) {
    reader.add(get<Gap, GapInteger>(header), get<Size, std::uint16_t>(header));
}

AcknowledgedRanges read_ranges(HeaderBytes header) {
    RangeReader reader(get<Layout::FirstRange, std::uint64_t>(header));
    read_range<Layout::Gap2, Layout::Size2, std::uint32_t>(header, reader);
    read_range<Layout::Gap3, Layout::Size3, std::uint16_t>(header, reader);
    read_range<Layout::Gap4, Layout::Size4, std::uint16_t>(header, reader);
    read_range<Layout::Gap5, Layout::Size5, std::uint16_t>(header, reader);
    read_range<Layout::Gap6, Layout::Size6, std::uint16_t>(header, reader);
    return reader.ranges();
}

// Hands out the ranges in the relative form that a message has them in.
class RangeWriter {
  public:
    RangeWriter(const AcknowledgedRanges& ranges, MutableHeaderBytes header)
        : header_(header), left_(ranges.view()) {
        if (left_.empty()) return;
        end_ = left_.front().end;
        left_ = left_.subspan(1);
        put<Layout::FirstRange>(header_, end_.value);
    }

    template <class Gap, class Size, std::unsigned_integral GapInteger>
    void write() {
        if (left_.empty()) return;
        const Range range = left_.front();
        const std::uint64_t gap = range.begin - end_;
        if (gap > std::numeric_limits<GapInteger>::max()) {
            left_ = {};
            return;
        }
        left_ = left_.subspan(1);
        const auto size = static_cast<std::uint16_t>(
            std::min<std::uint64_t>(range.size(), std::numeric_limits<std::uint16_t>::max()));
        end_ = range.begin + size;
        put<Gap>(header_, static_cast<GapInteger>(gap));
        put<Size>(header_, size);
    }

  private:
    MutableHeaderBytes header_;
    std::span<const Range> left_;
    StreamPosition end_;
};

void write_ranges(const AcknowledgedRanges& ranges, MutableHeaderBytes header) {
    RangeWriter writer(ranges, header);
    writer.write<Layout::Gap2, Layout::Size2, std::uint32_t>();
    writer.write<Layout::Gap3, Layout::Size3, std::uint16_t>();
    writer.write<Layout::Gap4, Layout::Size4, std::uint16_t>();
    writer.write<Layout::Gap5, Layout::Size5, std::uint16_t>();
    writer.write<Layout::Gap6, Layout::Size6, std::uint16_t>();
}

std::optional<Ending> ending_of(std::uint16_t flags) {
    if ((flags & kFailureFlag) != 0) return Ending::Failure;
    if ((flags & kSuccessFlag) != 0) return Ending::Success;
    return std::nullopt;
}

std::uint16_t flag_of(std::optional<Ending> ending) {
    if (!ending) return 0;
    return *ending == Ending::Success ? kSuccessFlag : kFailureFlag;
}

using RecordBytes = FixedBytes<ReceiveLimitLayout::Limit::kEnd>;
using MutableRecordBytes = MutableFixedBytes<ReceiveLimitLayout::Limit::kEnd>;

std::optional<ReceiveLimit> read_receive_limit(RecordBytes message) {
    const Bytes magic = field<ReceiveLimitLayout::Magic>(message);
    if (!std::equal(magic.begin(), magic.end(), kReceiveLimitMagic.begin())) return std::nullopt;
    const auto limit = load_le<std::uint64_t>(field<ReceiveLimitLayout::Limit>(message));
    if (limit > kMostReceiveLimit) return std::nullopt;
    const auto delay = load_le<std::uint32_t>(field<ReceiveLimitLayout::Delay>(message));
    ReceiveLimit result{std::nullopt, {limit}};
    if (delay != kUnknownDelay) result.delay = std::chrono::microseconds(delay);
    return result;
}

std::uint32_t in_microseconds(std::optional<Duration> delay) {
    if (!delay) return kUnknownDelay;
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(*delay).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, kUnknownDelay - 1));
}

void write_receive_limit(const ReceiveLimit& receive_limit, MutableRecordBytes message) {
    std::copy(kReceiveLimitMagic.begin(), kReceiveLimitMagic.end(),
              field<ReceiveLimitLayout::Magic>(message).begin());
    store_le<std::uint32_t>(in_microseconds(receive_limit.delay),
                            field<ReceiveLimitLayout::Delay>(message));
    store_le<std::uint64_t>(receive_limit.limit.value, field<ReceiveLimitLayout::Limit>(message));
}

}  // namespace

std::optional<Message> decode(Bytes message) {
    if (!is_message_size(message.size()) || message.size() < Layout::kHeaderSize) {
        return std::nullopt;
    }
    const HeaderBytes bytes = message.first<Layout::kHeaderSize>();
    const auto size_and_flags = get<Layout::BlockSizeAndFlags, std::uint16_t>(bytes);
    const std::size_t block_size = size_and_flags & ~(kSuccessFlag | kFailureFlag);
    const auto position = get<Layout::Position, std::uint64_t>(bytes);
    if (block_size > kMaxBlockSize || block_size > message.size() - Layout::kHeaderSize ||
        position > kMaxStreamSize - block_size) {
        return std::nullopt;
    }
    MessageHeader header{
        .id = MessageId{get<Layout::Id, std::uint32_t>(bytes)},
        .acknowledged_id = MessageId{get<Layout::AcknowledgedId, std::uint32_t>(bytes)},
        .acknowledged = read_ranges(bytes),
        .ending = ending_of(size_and_flags),
        .position = {position},
        .block_size = block_size};
    if (message.size() >= ReceiveLimitLayout::Limit::kEnd + block_size) {
        header.receive_limit = read_receive_limit(message.first<ReceiveLimitLayout::Limit::kEnd>());
    }
    return Message{header, message.last(block_size)};
}

std::size_t padded_size(std::size_t block_size) {
    const std::size_t needed = ReceiveLimitLayout::Limit::kEnd + block_size;
    return *std::find_if(kPaddedSizes.begin(), kPaddedSizes.end() - 1,
                         [&](std::size_t size) { return size >= needed; });
}

Encoded encode(const MessageHeader& header, MutableFixedBytes<kMaxMessageSize> out) {
    const std::size_t size = padded_size(header.block_size);
    std::fill_n(out.begin(), size - header.block_size, std::uint8_t{0});
    const auto bytes = out.first<Layout::kHeaderSize>();
    put<Layout::Id>(bytes, static_cast<std::uint32_t>(header.id));
    put<Layout::AcknowledgedId>(bytes, static_cast<std::uint32_t>(header.acknowledged_id));
    write_ranges(header.acknowledged, bytes);
    put<Layout::BlockSizeAndFlags>(
        bytes, static_cast<std::uint16_t>(header.block_size | flag_of(header.ending)));
    put<Layout::Position>(bytes, header.position.value);
    if (header.receive_limit) {
        write_receive_limit(*header.receive_limit, out.first<ReceiveLimitLayout::Limit::kEnd>());
    }
    return {size, out.subspan(size - header.block_size, header.block_size)};
}

}  // namespace curvecp::messagehandler
