#include "curvecp/posix/udp_receiver.hpp"

#include <cstring>

#include <netinet/udp.h>

namespace curvecp {
namespace {

// What the control messages of one receive say.
struct Arrival {
    IpAddress local;
    std::size_t segment_size = 0;  // 0: one packet
};

template <class Value>
Value value_of(const cmsghdr& control) noexcept {
    Value value;
    std::memcpy(&value, CMSG_DATA(&control), sizeof value);
    return value;
}

Arrival arrival_of(msghdr message) noexcept {
    Arrival arrival;
    for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
         control = CMSG_NXTHDR(&message, control)) {
        if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
            arrival.local = ip_of(value_of<in_pktinfo>(*control).ipi_addr);
        } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
            const auto info = value_of<in6_pktinfo>(*control);
            arrival.local = ip_of(info.ipi6_addr, info.ipi6_ifindex);
        } else if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
            arrival.segment_size = static_cast<std::size_t>(value_of<int>(*control));
        }
    }
    return arrival;
}

}  // namespace

UdpReceiver::UdpReceiver(bool hears_icmp_errors)
    : hears_icmp_errors_(hears_icmp_errors),
      memory_(std::make_unique_for_overwrite<std::uint8_t[]>(kMessages * kBufferSize)) {
    datagrams_.reserve(kMessages * 64);
    for (std::size_t i = 0; i < kMessages; ++i) {
        slots_[i].buffer = {memory_.get() + i * kBufferSize, kBufferSize};
    }
}

std::span<const Datagram> UdpReceiver::receive(int fd) {
    datagrams_.clear();
    int count = receive_messages(fd);
    if (count < 0 && hears_icmp_errors_) {
        // The error of an earlier send is told in place of what has come.
        count_icmp_errors(fd);
        count = receive_messages(fd);
    }
    for (int i = 0; i < count; ++i) {
        const auto index = static_cast<std::size_t>(i);
        add_segments(messages_[index], slots_[index]);
    }
    return datagrams_;
}

int UdpReceiver::receive_messages(int fd) noexcept {
    for (std::size_t i = 0; i < kMessages; ++i) {
        Slot& slot = slots_[i];
        msghdr& header = messages_[i].msg_hdr;
        header = {};
        header.msg_name = &slot.peer.generic;
        header.msg_namelen = sizeof slot.peer.v6;
        header.msg_iov = &slot.buffer;
        header.msg_iovlen = 1;
        header.msg_control = slot.control.data();
        header.msg_controllen = slot.control.size();
    }
    return recvmmsg(fd, messages_.data(), kMessages, MSG_DONTWAIT, nullptr);
}

void UdpReceiver::add_segments(const mmsghdr& message, const Slot& slot) {
    if ((message.msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return;
    const Arrival arrival = arrival_of(message.msg_hdr);
    const Path path{slot.peer.address(), arrival.local};
    MutableBytes bytes(static_cast<std::uint8_t*>(slot.buffer.iov_base), message.msg_len);
    const std::size_t step = arrival.segment_size == 0 ? bytes.size() : arrival.segment_size;
    while (!bytes.empty()) {
        const auto packet = bytes.first(std::min(step, bytes.size()));
        datagrams_.push_back({path, packet});
        bytes = bytes.subspan(packet.size());
    }
}

// Empties the queue of errors: while something is in it, the socket counts as readable.
void UdpReceiver::count_icmp_errors(int fd) noexcept {
    std::array<std::uint8_t, 512> control{};
    msghdr header{};
    while (true) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        if (recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
        ++icmp_errors_;
    }
}

}  // namespace curvecp
