#include "bench/programs/limit_roles.hpp"

#include "bench/programs/stream.hpp"
#include "curvecp/posix/clock.hpp"

#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

namespace curvecp::bench {
namespace {

constexpr std::size_t kBlock = 1024;
constexpr std::size_t kHeader = kMaxMessageSize - kBlock;  // what a message has beside its block
constexpr std::size_t kPipeRead = std::size_t{64} * 1024;
// Ours, because it is what the socket's buffer surely holds: a megabyte.
constexpr std::uint64_t kWindow = 16 * kBatch;

void hand_on(int fd, Bytes bytes) {
    if (!write_all(fd, bytes)) std::_Exit(0);
}

std::size_t read_or_end(int fd, MutableBytes room) {
    const ssize_t size = read(fd, room.data(), room.size());
    if (size <= 0) std::_Exit(0);
    return static_cast<std::size_t>(size);
}

void source(const Ends& ends, const SharedKey&, Duration) {
    const std::vector<std::uint8_t> bytes(kPipeRead, 'x');
    for (;;) hand_on(ends.out, bytes);
}

void pack(MutableBytes frame, Bytes block) {
    frame[0] = frame_length_byte(kMaxMessageSize);
    std::memset(&frame[1], 0, kHeader);
    std::memcpy(&frame[1 + kHeader], block.data(), kBlock);
}

void packer(const Ends& ends, const SharedKey&, Duration) {
    std::vector<std::uint8_t> blocks(kBatch * kBlock);
    std::vector<std::uint8_t> frames(kBatch * kMaxFrameSize);
    for (std::size_t have = 0;;) {
        have += read_or_end(ends.in, MutableBytes(blocks).subspan(have));
        const std::size_t count = have / kBlock;
        for (std::size_t i = 0; i < count; ++i) {
            pack(MutableBytes(frames).subspan(i * kMaxFrameSize, kMaxFrameSize),
                 Bytes(blocks).subspan(i * kBlock, kBlock));
        }
        hand_on(ends.out, Bytes(frames).first(count * kMaxFrameSize));
        have -= count * kBlock;
        std::memmove(blocks.data(), blocks.data() + count * kBlock, have);
    }
}

// Holds the sealer back while a window of packets is under way. The opener answers with the nonce
// that it has come to, so that lost packets cost no credit.
class Credit {
  public:
    explicit Credit(int link) : link_(link) {}
    void wait(std::uint64_t sent) {
        while (sent > arrived_ + kWindow) {
            std::array<std::uint8_t, 8> answer{};
            if (recv(link_, answer.data(), answer.size(), 0) <= 0) std::_Exit(0);
            arrived_ = load_le<std::uint64_t>(answer);
        }
    }
    static void give(int link, std::uint64_t arrived) {
        std::array<std::uint8_t, 8> answer{};
        store_le(arrived, std::span(answer));
        if (send(link, answer.data(), answer.size(), 0) < 0) std::_Exit(0);
    }

  private:
    int link_;
    std::uint64_t arrived_ = 0;
};

void seal_packet(MutableFixedBytes<kLimitPacketSize> bytes, Bytes message, NonceCounter nonce,
                 const SharedKey& key) {
    const ServerMessage packet{bytes};
    write_magic(packet);
    nonce.store(field<ServerMessage::NonceTail>(bytes));
    seal(packet.box(), message, make_nonce(CountedBox::ServerMessage, nonce), key);
}

void sealer(const Ends& ends, const SharedKey& key, Duration) {
    std::vector<std::uint8_t> frames(kBatch * kMaxFrameSize);
    std::vector<std::uint8_t> packets(kBatch * kLimitPacketSize);
    FrameReader reader;
    Credit credit(ends.out);
    for (std::uint64_t sent = 0;;) {
        reader.received(read_or_end(ends.in, reader.prepare(frames)));
        std::size_t size = 0;
        for (auto next = reader.next(); auto* message = std::get_if<MutableBytes>(&next);
             next = reader.next()) {
            const auto packet = MutableBytes(packets).subspan(size).first<kLimitPacketSize>();
            seal_packet(packet, *message, {++sent}, key);
            size += packet.size();
        }
        credit.wait(sent);
        if (size > 0 && send(ends.out, packets.data(), size, 0) < 0) std::_Exit(0);
    }
}

NonceCounter open_packet(MutableFixedBytes<kLimitPacketSize> bytes, MutableBytes frame,
                         const SharedKey& key) {
    const ServerMessage packet{bytes};
    const auto nonce = NonceCounter::load(field<ServerMessage::NonceTail>(bytes));
    frame[0] = frame_length_byte(kMaxMessageSize);
    const Nonce whole_nonce = make_nonce(CountedBox::ServerMessage, nonce);
    if (!open(frame.subspan(1), packet.box(), whole_nonce, key)) std::_Exit(111);
    return nonce;
}

void opener(const Ends& ends, const SharedKey& key, Duration) {
    std::vector<std::uint8_t> packets(kPipeRead);
    std::vector<std::uint8_t> frames(kBatch * kMaxFrameSize);
    NonceCounter newest;
    for (std::uint64_t told = 0;;) {
        const std::size_t size = read_or_end(ends.in, packets);
        const std::size_t count = size / kLimitPacketSize;
        for (std::size_t i = 0; i < count; ++i) {
            newest = open_packet(
                MutableBytes(packets).subspan(i * kLimitPacketSize).first<kLimitPacketSize>(),
                MutableBytes(frames).subspan(i * kMaxFrameSize, kMaxFrameSize), key);
        }
        hand_on(ends.out, Bytes(frames).first(count * kMaxFrameSize));
        if (newest.value >= told + kBatch) Credit::give(ends.in, told = newest.value);
    }
}

void unpacker(const Ends& ends, const SharedKey&, Duration) {
    std::vector<std::uint8_t> frames(kPipeRead);
    std::vector<std::uint8_t> blocks(kPipeRead);
    FrameReader reader;
    for (;;) {
        reader.received(read_or_end(ends.in, reader.prepare(frames)));
        std::size_t size = 0;
        for (auto next = reader.next(); auto* message = std::get_if<MutableBytes>(&next);
             next = reader.next()) {
            std::memcpy(&blocks[size], &(*message)[kHeader], kBlock);
            size += kBlock;
        }
        hand_on(ends.out, Bytes(blocks).first(size));
    }
}

void sink(const Ends& ends, const SharedKey&, Duration limit) {
    std::vector<std::uint8_t> buffer(kPipeRead);
    read_or_end(ends.in, buffer);  // from here on all six are at work
    const TimePoint started = now();
    Carried carried;
    do {
        carried.bytes += read_or_end(ends.in, buffer);
        carried.took = now() - started;
    } while (carried.took < limit);
    if (write(ends.out, &carried, sizeof carried) != ssize_t{sizeof carried}) std::_Exit(111);
}

}  // namespace

const std::array<Role, kRoleCount> roles{{{"source", source},
                                          {"packer", packer},
                                          {"sealer", sealer},
                                          {"opener", opener},
                                          {"unpacker", unpacker},
                                          {"sink", sink}}};

}  // namespace curvecp::bench
