// Sends Hellos that the server has to answer, as fast as it goes, from many ports, until its input
// ends:
//
//     bench_flood IP PORT KEY NAME EXTENSION
//
// prints how many it sent and in how many seconds, as NAME=VALUE.
#include "bench/programs/result.hpp"
#include "curvecp/core/client_handshake.hpp"
#include "curvecp/core/hex.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/socket_address.hpp"

#include <cstdio>
#include <cstdlib>

#include <poll.h>
#include <sys/socket.h>

namespace {

using namespace curvecp;
using namespace curvecp::bench;

constexpr std::size_t kPorts = 64;
constexpr std::size_t kAtOnce = 32;

struct Contact {
    PublicKey key;
    Extension extension;
    ServerName name;
};

// A port of its own and a Hello that is sent again and again: the server cannot know.
class Sender {
  public:
    Sender(const SocketAddress& to, const Contact& server)
        : to_(to), fd_(socket(to.generic.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        auto greeting = ClientGreeting::start({server.key, server.extension, server.name});
        if (!fd_ || !greeting) std::exit(111);  // NOLINT(concurrency-mt-unsafe): no threads
        greeting->write_hello(Extension{}, Hello{std::span<std::uint8_t, Hello::kSize>(hello_)});
    }
    // How many the kernel took.
    std::size_t send() {
        iovec payload{hello_.data(), hello_.size()};
        std::array<mmsghdr, kAtOnce> messages{};
        for (mmsghdr& message : messages) {
            message.msg_hdr.msg_name = &to_.generic;
            message.msg_hdr.msg_namelen = to_.size;
            message.msg_hdr.msg_iov = &payload;
            message.msg_hdr.msg_iovlen = 1;
        }
        const int sent = sendmmsg(fd_.get(), messages.data(), kAtOnce, 0);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }

  private:
    SocketAddress to_;
    Fd fd_;
    std::array<std::uint8_t, Hello::kSize> hello_{};
};

bool input_ended() {
    pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
    return poll(&input, 1, 0) != 0;
}

int flood(const SocketAddress& to, const Contact& server) {
    std::vector<Sender> senders;
    for (std::size_t i = 0; i < kPorts; ++i) senders.emplace_back(to, server);
    const TimePoint started = now();
    double sent = 0;
    while (!input_ended()) {
        for (Sender& sender : senders) sent += static_cast<double>(sender.send());
    }
    Result result;
    result.add("sent", sent).add("seconds", now() - started);
    return result.tell() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    const auto ip = argc == 6 ? parse_ip(arguments[1]) : std::nullopt;
    const auto key = argc == 6 ? parse_hex<PublicKey>(arguments[3]) : std::nullopt;
    const auto name = argc == 6 ? parse_server_name(arguments[4]) : std::nullopt;
    const auto extension = argc == 6 ? parse_hex<Extension>(arguments[5]) : std::nullopt;
    if (!ip || !key || !name || !extension) {
        static_cast<void>(std::fputs("usage: bench_flood IP PORT KEY NAME EXTENSION\n", stderr));
        return 100;
    }
    if (!start_cryptography()) return 111;
    const auto port = static_cast<std::uint16_t>(std::strtoul(arguments[2], nullptr, 10));
    const auto family = ip->is_v4() ? SocketFamily::V4 : SocketFamily::V6;
    return flood(SocketAddress({*ip, port}, family), {*key, *extension, *name});
}
