#include "curvecp/posix/udp_socket.hpp"

#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/socket_address.hpp"
#include "curvecp/posix/udp_receiver.hpp"
#include "curvecp/posix/udp_transmitter.hpp"

#include <cerrno>

#include <linux/filter.h>
#include <netinet/udp.h>

namespace curvecp {
namespace {

// Ours, because a batch of thousands of clients, and a round of a busy loop, have to fit.
constexpr int kReceiveBuffer = 8 * 1024 * 1024;
constexpr int kSendBuffer = 4 * 1024 * 1024;

// Quietly: what the kernel refuses is done without.
bool set_option(int fd, int level, int option, int value) noexcept {
    return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

void enlarge_buffers(int fd) noexcept {
    // FORCE is for root; without it the system's limit holds.
    if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer)) {
        set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
    }
    if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer)) {
        set_option(fd, SOL_SOCKET, SO_SNDBUF, kSendBuffer);
    }
}

// As the kernel's filters load it.
std::uint32_t load_be(FixedBytes<4> bytes) noexcept {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8U | byte;
    return value;
}

bool kernel_can_segment(int fd) noexcept {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &value, &size) == 0;
}

void set_options(int fd, SocketFamily family) noexcept {
    set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (family == SocketFamily::V6) set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd, IPPROTO_UDP, UDP_GRO, 1);
    enlarge_buffers(fd);
}

Fd make_socket(SocketFamily family) {
    const bool v6 = family == SocketFamily::V6;
    Fd fd(socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) throw StartError(v6 ? "cannot use IPv6" : "cannot use IPv4", errno);
    if (v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_options(fd.get(), family);
    return fd;
}

void bind_to(const Fd& fd, const Address& address, SocketFamily family) {
    const SocketAddress raw(address, family);
    if (::bind(fd.get(), &raw.generic, raw.size) != 0) {
        throw StartError("cannot bind " + to_text(address), errno);
    }
}

}  // namespace

UdpSocket UdpSocket::bind(const Address& address) {
    const auto family = address.ip.is_v4() ? SocketFamily::V4 : SocketFamily::V6;
    Fd fd = make_socket(family);
    bind_to(fd, address, family);
    return {std::move(fd), family, false};
}

UdpSocket UdpSocket::adopt(Fd fd) {
    SocketAddress raw;
    if (getsockname(fd.get(), &raw.generic, &raw.size) != 0 || !set_nonblocking(fd.get())) {
        throw StartError("cannot use the inherited socket", errno);
    }
    const auto family = raw.generic.sa_family == AF_INET ? SocketFamily::V4 : SocketFamily::V6;
    set_options(fd.get(), family);
    return {std::move(fd), family, false};
}

UdpSocket UdpSocket::inherited(Fd fd, const Address& address) {
    const auto family = address.ip.is_v4() ? SocketFamily::V4 : SocketFamily::V6;
    return {std::move(fd), family, false};
}

UdpSocket UdpSocket::open(bool v6) {
    const auto family = v6 ? SocketFamily::V6 : SocketFamily::V4;
    Fd fd = make_socket(family);
    set_option(fd.get(), IPPROTO_IP, IP_RECVERR, 1);
    if (v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVERR, 1);
    bind_to(fd, {v6 ? IpAddress{} : IpAddress::v4(std::array<std::uint8_t, 4>{}), 0}, family);
    return {std::move(fd), family, true};
}

UdpSocket::UdpSocket(Fd fd, SocketFamily family, bool hears_icmp_errors)
    : fd_(std::move(fd)),
      receiver_(std::make_unique<UdpReceiver>(hears_icmp_errors)),
      transmitter_(std::make_unique<UdpTransmitter>(family, kernel_can_segment(fd_.get()))) {}

UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

std::span<const Datagram> UdpSocket::receive() {
    return receiver_->receive(fd());
}

MutableBytes UdpSocket::room(const Path& to, std::size_t size) {
    return transmitter_->room(fd(), to, size);
}

void UdpSocket::take_back() noexcept {
    transmitter_->take_back();
}

void UdpSocket::flush() {
    transmitter_->flush(fd());
}

void UdpSocket::flush_and_wipe() {
    transmitter_->flush(fd());
    transmitter_->wipe();
}

Address UdpSocket::local_address() const noexcept {
    SocketAddress raw;
    if (getsockname(fd(), &raw.generic, &raw.size) != 0) return {};
    return raw.address();
}

std::uint64_t UdpSocket::dropped_packets() const noexcept {
    return transmitter_->dropped_packets();
}

std::uint64_t UdpSocket::icmp_errors() const noexcept {
    return receiver_->icmp_errors();
}

bool UdpSocket::shed(FixedBytes<8> beginning, unsigned shift) noexcept {
    if (shift == 0) return set_option(fd(), SOL_SOCKET, SO_DETACH_FILTER, 0);
    constexpr std::uint32_t kUdpHeader = 8;
    constexpr auto kRandom = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM);
    constexpr std::uint32_t kAll = 0xffffffff;
    constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
    constexpr std::uint16_t kEqual = BPF_JMP | BPF_JEQ | BPF_K;
    constexpr std::uint16_t kAnyBit = BPF_JMP | BPF_JSET | BPF_K;
    constexpr std::uint16_t kReturn = BPF_RET | BPF_K;
    // Code, how many to skip where it is so, and where it is not, operand.
    std::array<sock_filter, 8> filter{{
        {kLoad, 0, 0, kUdpHeader},
        {kEqual, 0, 5, load_be(beginning.first<4>())},
        {kLoad, 0, 0, kUdpHeader + 4},
        {kEqual, 0, 3, load_be(beginning.last<4>())},
        {kLoad, 0, 0, kRandom},
        {kAnyBit, 0, 1, (1U << shift) - 1},
        {kReturn, 0, 0, 0},
        {kReturn, 0, 0, kAll},
    }};
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

void UdpSocket::forbid_segmentation() noexcept {
    transmitter_->forbid_segmentation();
}

}  // namespace curvecp
