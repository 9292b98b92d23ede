// The sending half of a UdpSocket: collects packets in one buffer as runs, where a run is what one
// UDP_SEGMENT send can carry: packets of the same size on the same path, the last maybe shorter.
#pragma once

#include "curvecp/posix/socket_address.hpp"
#include "curvecp/posix/udp_socket.hpp"

#include <memory>

namespace curvecp {

class UdpTransmitter {
  public:
    UdpTransmitter(SocketFamily family, bool can_segment);

    [[nodiscard]] MutableBytes room(int fd, const Path& to, std::size_t size);
    void take_back() noexcept;
    void flush(int fd);
    // Only right after flush().
    void wipe() noexcept;

    void forbid_segmentation() noexcept { can_segment_ = false; }
    [[nodiscard]] std::uint64_t dropped_packets() const noexcept { return dropped_; }

  private:
    static constexpr std::size_t kMaxSegments = 64;  // what older kernels take in one send
    static constexpr std::size_t kMaxRuns = 64;      // ours, because a round answers few peers
    // Ours, because two full runs keep the kernel busy and the cache warm.
    static constexpr std::size_t kBatchBytes = 2 * UdpSocket::kMaxRunBytes;
    // Ours, because few peers at a time are behind a narrow link.
    static constexpr std::size_t kMaxNarrowPeers = 64;

    struct Run {
        Path path;
        bool may_grow;
        std::size_t offset;  // in the buffer
        std::size_t bytes;
        std::size_t segment_size;
        std::size_t last_size;
        std::size_t packets;
    };
    // What the kernel is told of a run.
    struct Destination {
        SocketAddress peer;
        iovec payload{};
        std::array<std::uint8_t,
                   CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t))>
            control{};
    };

    [[nodiscard]] bool may_segment(const Address& peer) const noexcept;
    [[nodiscard]] bool continues_run(const Path& to, std::size_t size) const noexcept;
    void describe(std::size_t index) noexcept;
    void on_refused(int fd, std::size_t index, int error) noexcept;
    [[nodiscard]] std::size_t send_singly(int fd, std::size_t index) noexcept;
    void remember_unsegmented(const Address& peer, int error) noexcept;

    SocketFamily family_;
    bool can_segment_;
    std::uint64_t dropped_ = 0;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t used_ = 0;
    std::size_t most_used_ = 0;  // since it was wiped
    std::size_t run_count_ = 0;
    std::array<Run, kMaxRuns> runs_{};
    std::array<Destination, kMaxRuns> destinations_{};
    std::array<mmsghdr, kMaxRuns> messages_{};
    // Peers that a run does not reach although single packets do; the oldest is forgotten first.
    std::array<Address, kMaxNarrowPeers> narrow_peers_{};
    std::size_t narrow_count_ = 0;
    std::size_t next_narrow_ = 0;
};

}  // namespace curvecp
