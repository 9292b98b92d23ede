// What this machine could carry: the way of a bulk transfer without its protocol. Six processes
// hand on real blocks, frames, boxes and packets in large batches, through large pipes and UDP with
// segmentation offload:
//
//     source > packer > sealer > UDP > opener > unpacker > sink
//
// They stand for the server's program, handler and server, and the client, its handler and program.
// There are no acknowledgments, no timers, no retransmission: only a credit, so that the socket's
// buffer is not overrun.
//
//     bench_limits SECONDS
//
// prints the bytes, the seconds and the processor time of each of the six as NAME=VALUE.
#include "bench/programs/limit_roles.hpp"
#include "bench/programs/result.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/pipe.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace curvecp;
using namespace curvecp::bench;

constexpr int kSocketBuffer = 4 << 20;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(111);  // NOLINT(concurrency-mt-unsafe): there are no threads
}

Fd loopback_socket(sockaddr_in& address) {
    Fd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd.get(), generic, size) != 0) fail("bind");
    if (getsockname(fd.get(), generic, &size) != 0) fail("getsockname");
    return fd;
}

void connect_to(const Fd& fd, const sockaddr_in& address) {
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    if (connect(fd.get(), generic, sizeof address) != 0) fail("connect");
}

void set(const Fd& fd, int level, int option, int value) {
    if (setsockopt(fd.get(), level, option, &value, sizeof value) != 0) fail("setsockopt");
}

// Beyond the system's limit only for root.
void enlarge_buffer(const Fd& fd, int forced, int usual) {
    if (setsockopt(fd.get(), SOL_SOCKET, forced, &kSocketBuffer, sizeof kSocketBuffer) != 0)
        set(fd, SOL_SOCKET, usual, kSocketBuffer);
}

// What is written, one segmented send a batch, is read in batches too. Credits go the other way.
Pipe make_link() {
    sockaddr_in from{};
    sockaddr_in to{};
    Pipe link{loopback_socket(to), loopback_socket(from)};
    connect_to(link.write, to);
    connect_to(link.read, from);
    set(link.write, IPPROTO_UDP, UDP_SEGMENT, kLimitPacketSize);
    set(link.read, IPPROTO_UDP, UDP_GRO, 1);
    enlarge_buffer(link.write, SO_SNDBUFFORCE, SO_SNDBUF);
    enlarge_buffer(link.read, SO_RCVBUFFORCE, SO_RCVBUF);
    return link;
}

Pipe make_large_pipe() {
    Pipe pipe = make_pipe(Blocking::Both);
    if (!pipe.write) fail("pipe");
    PipeBudget budget(1);
    budget.enlarge(pipe.write.get());
    return pipe;
}

// joints[i] is what role i writes into and role i+1 reads from; behind the last is who measures.
using Joints = std::array<Pipe, kRoleCount>;

Joints make_joints() {
    return {make_large_pipe(), make_large_pipe(), make_link(),
            make_large_pipe(), make_large_pipe(), make_pipe(Blocking::Both)};
}

pid_t start_role(std::size_t index, Joints& joints, const SharedKey& key, Duration limit) {
    const pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid > 0) return pid;
    const Ends ends{index == 0 ? -1 : joints[index - 1].read.release(),
                    joints[index].write.release()};
    joints = {};  // so that it sees when its neighbours end
    roles[index].play(ends, key, limit);
    std::_Exit(0);
}

double in_seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Ends a role. The processor time that it used.
double stop_role(pid_t pid) {
    rusage usage{};
    kill(pid, SIGKILL);
    if (wait4(pid, nullptr, 0, &usage) != pid) fail("wait4");
    return in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime);
}

int measure(Duration limit) {
    Joints joints = make_joints();
    SharedKey key;
    fill_random(key.reveal());
    std::array<pid_t, kRoleCount> pids{};
    for (std::size_t i = 0; i < pids.size(); ++i) pids[i] = start_role(i, joints, key, limit);
    const Fd report = std::move(joints.back().read);
    joints = {};

    Carried carried;
    const bool told = read(report.get(), &carried, sizeof carried) == ssize_t{sizeof carried};
    Result result;
    result.add("bytes", static_cast<double>(carried.bytes)).add("seconds", carried.took);
    for (std::size_t i = 0; i < pids.size(); ++i) result.add(roles[i].name, stop_role(pids[i]));
    return told && result.tell() ? 0 : 111;
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc == 2 ? std::strtod(argv[1], nullptr) : 0;
    if (seconds <= 0) {
        static_cast<void>(std::fputs("usage: bench_limits SECONDS\n", stderr));
        return 100;
    }
    if (!start_cryptography()) return 111;
    return measure(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}
