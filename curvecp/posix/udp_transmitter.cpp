#include "curvecp/posix/udp_transmitter.hpp"

#include "curvecp/core/secret.hpp"

#include <cassert>
#include <cerrno>
#include <cstring>

#include <netinet/udp.h>

namespace curvecp {
namespace {

template <class Value>
void add_control(msghdr& header, int level, int type, const Value& value) noexcept {
    cmsghdr control{};
    control.cmsg_len = CMSG_LEN(sizeof value);
    control.cmsg_level = level;
    control.cmsg_type = type;
    auto* const at = static_cast<std::uint8_t*>(header.msg_control) + header.msg_controllen;
    std::memcpy(at, &control, sizeof control);
    std::memcpy(at + CMSG_LEN(0), &value, sizeof value);
    header.msg_controllen += CMSG_SPACE(sizeof value);
}

// The address that a packet leaves from.
void add_source(msghdr& header, const Path& path) noexcept {
    if (path.local.is_wildcard() || path.local.is_v4() != path.peer.ip.is_v4()) return;
    if (path.local.is_v4()) {
        in_pktinfo info{};
        info.ipi_spec_dst = v4_of(path.local);
        add_control(header, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        info.ipi6_addr = v6_of(path.local);
        info.ipi6_ifindex = path.local.scope;
        add_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

// The kernel or the way to the peer does not cut a run into packets: EMSGSIZE (older kernels:
// EINVAL) for a narrow link, EIO where a device or IPsec cannot.
bool is_about_segmentation(int error) noexcept {
    return error == EMSGSIZE || error == EINVAL || error == EIO || error == EOPNOTSUPP;
}

bool is_congestion(int error) noexcept {
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

UdpTransmitter::UdpTransmitter(SocketFamily family, bool can_segment)
    : family_(family),
      can_segment_(can_segment),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kBatchBytes)) {}

MutableBytes UdpTransmitter::room(int fd, const Path& to, std::size_t size) {
    assert(size > 0 && size <= UdpSocket::kMaxRunBytes);
    const bool continues = continues_run(to, size);
    if (used_ + size > kBatchBytes || (!continues && run_count_ == kMaxRuns)) flush(fd);
    if (run_count_ == 0 || !continues) {
        runs_[run_count_++] = Run{to, may_segment(to.peer), used_, 0, size, 0, 0};
    }
    Run& run = runs_[run_count_ - 1];
    run.bytes += size;
    run.last_size = size;
    ++run.packets;
    used_ += size;
    return {buffer_.get() + used_ - size, size};
}

bool UdpTransmitter::continues_run(const Path& to, std::size_t size) const noexcept {
    if (run_count_ == 0) return false;
    const Run& run = runs_[run_count_ - 1];
    return run.may_grow && size <= run.segment_size && run.last_size == run.segment_size &&
           run.packets < kMaxSegments && run.bytes + size <= UdpSocket::kMaxRunBytes &&
           run.path == to;
}

bool UdpTransmitter::may_segment(const Address& peer) const noexcept {
    const auto end = narrow_peers_.begin() + static_cast<std::ptrdiff_t>(narrow_count_);
    return can_segment_ && std::find(narrow_peers_.begin(), end, peer) == end;
}

void UdpTransmitter::take_back() noexcept {
    Run& run = runs_[run_count_ - 1];
    used_ -= run.last_size;
    run.bytes -= run.last_size;
    run.last_size = run.segment_size;  // all but the last are of one size
    if (--run.packets == 0) --run_count_;
}

void UdpTransmitter::flush(int fd) {
    for (std::size_t i = 0; i < run_count_; ++i) describe(i);
    std::size_t done = 0;
    while (done < run_count_) {
        const auto left = static_cast<unsigned>(run_count_ - done);
        const int sent = sendmmsg(fd, &messages_[done], left, MSG_DONTWAIT);
        if (sent > 0) {
            done += static_cast<std::size_t>(sent);
        } else {
            on_refused(fd, done++, errno);
        }
    }
    run_count_ = 0;
    most_used_ = std::max(most_used_, used_);
    used_ = 0;
}

void UdpTransmitter::wipe() noexcept {
    curvecp::wipe({buffer_.get(), most_used_});
    most_used_ = 0;
}

void UdpTransmitter::describe(std::size_t index) noexcept {
    const Run& run = runs_[index];
    Destination& destination = destinations_[index];
    destination.peer = SocketAddress(run.path.peer, family_);
    destination.payload = {buffer_.get() + run.offset, run.bytes};
    msghdr& header = messages_[index].msg_hdr;
    header = {};
    header.msg_name = &destination.peer.generic;
    header.msg_namelen = destination.peer.size;
    header.msg_iov = &destination.payload;
    header.msg_iovlen = 1;
    header.msg_control = destination.control.data();
    add_source(header, run.path);
    // The last one: send_singly() leaves it out.
    if (run.packets > 1) {
        add_control(header, IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(run.segment_size));
    }
}

void UdpTransmitter::on_refused(int fd, std::size_t index, int error) noexcept {
    const Run& run = runs_[index];
    if (run.packets > 1 && is_about_segmentation(error)) {
        const std::size_t sent = send_singly(fd, index);
        dropped_ += run.packets - sent;
        // Only if it was that: an unusable source address is EINVAL too.
        if (sent > 0) remember_unsegmented(run.path.peer, error);
        return;
    }
    // An ICMP error of an earlier packet is told once, in place of sending this one.
    if (!is_congestion(error) && sendmsg(fd, &messages_[index].msg_hdr, MSG_DONTWAIT) >= 0) return;
    dropped_ += run.packets;
}

// How many of the run's packets the kernel took.
std::size_t UdpTransmitter::send_singly(int fd, std::size_t index) noexcept {
    const Run& run = runs_[index];
    std::array<iovec, kMaxSegments> payloads;
    std::array<mmsghdr, kMaxSegments> messages;
    for (std::size_t i = 0; i < run.packets; ++i) {
        const std::size_t size = i + 1 == run.packets ? run.last_size : run.segment_size;
        payloads[i] = {buffer_.get() + run.offset + i * run.segment_size, size};
        messages[i] = messages_[index];
        messages[i].msg_hdr.msg_iov = &payloads[i];
        messages[i].msg_hdr.msg_controllen -= CMSG_SPACE(sizeof(std::uint16_t));
    }
    std::size_t sent = 0;
    while (sent < run.packets) {
        const auto left = static_cast<unsigned>(run.packets - sent);
        const int count = sendmmsg(fd, &messages[sent], left, MSG_DONTWAIT);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
    }
    return sent;
}

void UdpTransmitter::remember_unsegmented(const Address& peer, int error) noexcept {
    if (error == EOPNOTSUPP) {
        can_segment_ = false;
        return;
    }
    narrow_peers_[next_narrow_] = peer;
    next_narrow_ = (next_narrow_ + 1) % kMaxNarrowPeers;
    narrow_count_ = std::min(narrow_count_ + 1, kMaxNarrowPeers);
}

}  // namespace curvecp
