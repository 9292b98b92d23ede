// The receiving half of a UdpSocket.
#pragma once

#include "curvecp/posix/socket_address.hpp"
#include "curvecp/posix/udp_socket.hpp"

#include <memory>
#include <vector>

namespace curvecp {

class UdpReceiver {
  public:
    explicit UdpReceiver(bool hears_icmp_errors);

    [[nodiscard]] std::span<const Datagram> receive(int fd);
    [[nodiscard]] std::uint64_t icmp_errors() const noexcept { return icmp_errors_; }

  private:
    static constexpr std::size_t kMessages = 8;  // ours, because GRO has made one of many already
    // A smaller one would cut GRO's batches.
    static constexpr std::size_t kBufferSize = std::size_t{64} * 1024;
    // Both PKTINFOs, UDP_GRO and their headers.
    static constexpr std::size_t kControlSize =
        CMSG_SPACE(sizeof(in_pktinfo)) + CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int));
    struct Slot {
        SocketAddress peer;
        iovec buffer{};
        alignas(cmsghdr) std::array<std::uint8_t, kControlSize> control{};
    };

    [[nodiscard]] int receive_messages(int fd) noexcept;
    void add_segments(const mmsghdr& message, const Slot& slot);
    void count_icmp_errors(int fd) noexcept;

    bool hears_icmp_errors_;
    std::uint64_t icmp_errors_ = 0;
    // Only the pages that were received into are resident.
    std::unique_ptr<std::uint8_t[]> memory_;
    std::array<Slot, kMessages> slots_;
    std::array<mmsghdr, kMessages> messages_{};
    std::vector<Datagram> datagrams_;
};

}  // namespace curvecp
