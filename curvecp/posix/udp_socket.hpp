// A non-blocking UDP socket that moves packets in batches: recvmmsg() with UDP_GRO, sendmsg() with
// UDP_SEGMENT. Where the kernel or the way to a peer has neither, it falls back by itself. Errors
// on the way are losses, as everywhere in a network: none throws.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/posix/fd.hpp"

#include <memory>

namespace curvecp {

struct Datagram {
    Path path;
    MutableBytes bytes;
};

class UdpReceiver;
enum class SocketFamily;
class UdpTransmitter;

class UdpSocket {
  public:
    // A server's socket; port 0 lets the kernel choose. `::` takes IPv4 too. Throws StartError,
    // also for an address that is in use.
    [[nodiscard]] static UdpSocket bind(const Address& address);
    // A server's socket that another program has bound to this address.
    [[nodiscard]] static UdpSocket inherited(Fd fd, const Address& address);
    // A bound socket that a service manager has opened.
    [[nodiscard]] static UdpSocket adopt(Fd fd);
    // A client's unconnected socket on a port of the kernel's choice. With v6 it reaches IPv6 and
    // IPv4, else IPv4 only. It also counts ICMP errors. Throws StartError, as where there is no
    // IPv6 at all.
    [[nodiscard]] static UdpSocket open(bool v6);

    UdpSocket(UdpSocket&&) noexcept;
    UdpSocket& operator=(UdpSocket&&) noexcept;
    UdpSocket(const UdpSocket&) = delete;
    UdpSocket& operator=(const UdpSocket&) = delete;
    ~UdpSocket();

    // One batch of what has come, in order; empty where there is nothing. The spans live, and may
    // be written into, until the next receive(). path.local is the address that was written to.
    [[nodiscard]] std::span<const Datagram> receive();

    // Reserves `size` (1..kMaxRunBytes) bytes for one packet; the caller fills all of them before
    // the next room(), take_back() or flush(). A full batch is sent at once. The packet leaves from
    // to.local, or where that is a wildcard, from where the kernel chooses.
    // Ours, because one send takes 64 KiB at most: 55 packets of the largest size.
    static constexpr std::size_t kMaxRunBytes = std::size_t{55} * 1184;
    [[nodiscard]] MutableBytes room(const Path& to, std::size_t size);
    // The room reserved last is not needed; only right after room(), and once.
    void take_back() noexcept;
    // Sends what is reserved, in order.
    void flush();
    // The same; then overwrites all that was ever sent, as far as it is still in the buffer.
    void flush_and_wipe();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] Address local_address() const noexcept;
    // Packets that the kernel did not take.
    [[nodiscard]] std::uint64_t dropped_packets() const noexcept;
    // ICMP errors that came in, such as "port unreachable"; hints only, since anyone can forge one.
    [[nodiscard]] std::uint64_t icmp_errors() const noexcept;
    // Of the packets that begin like this the kernel lets one of 2^shift through, by chance; 0 is
    // all. False, and nothing changed, where it cannot.
    bool shed(FixedBytes<8> beginning, unsigned shift) noexcept;
    // Never UDP_SEGMENT from here on: for measurements and tests.
    void forbid_segmentation() noexcept;

  private:
    UdpSocket(Fd fd, SocketFamily family, bool hears_icmp_errors);

    Fd fd_;
    std::unique_ptr<UdpReceiver> receiver_;
    std::unique_ptr<UdpTransmitter> transmitter_;
};

}  // namespace curvecp
