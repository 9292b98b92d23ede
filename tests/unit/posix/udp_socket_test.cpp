#include "curvecp/posix/udp_socket.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace curvecp;

namespace {

Address at(const char* ip, std::uint16_t port = 0) {
    return {*parse_ip(ip), port};
}

struct Received {
    Path path;
    std::vector<std::uint8_t> bytes;
};

// Waits until `count` datagrams have come, or for a moment in which none does.
std::vector<Received> receive(UdpSocket& socket, std::size_t count) {
    std::vector<Received> all;
    while (all.size() < count) {
        pollfd ready{socket.fd(), POLLIN, 0};
        if (poll(&ready, 1, 200) <= 0) break;
        for (const auto& [path, bytes] : socket.receive()) {
            all.push_back({path, {bytes.begin(), bytes.end()}});
        }
    }
    return all;
}

// A packet whose bytes tell its number.
void put(UdpSocket& socket, const Path& to, std::size_t size, std::size_t number) {
    const MutableBytes room = socket.room(to, size);
    REQUIRE(room.size() == size);
    std::fill(room.begin(), room.end(), static_cast<std::uint8_t>(number));
}

void check_packets(const std::vector<Received>& packets, const std::vector<std::size_t>& sizes) {
    REQUIRE(packets.size() == sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        CAPTURE(i);
        CHECK(packets[i].bytes.size() == sizes[i]);
        CHECK(packets[i].bytes.front() == static_cast<std::uint8_t>(i));
        CHECK(packets[i].bytes.back() == static_cast<std::uint8_t>(i));
    }
}

std::vector<std::size_t> run_of(std::size_t count, std::size_t size, std::size_t last) {
    std::vector<std::size_t> sizes(count, size);
    sizes.push_back(last);
    return sizes;
}

void send_all(UdpSocket& from, const Path& to, const std::vector<std::size_t>& sizes) {
    for (std::size_t i = 0; i < sizes.size(); ++i) put(from, to, sizes[i], i);
    from.flush();
}

struct Pair {
    UdpSocket server = UdpSocket::bind(at("127.0.0.1"));
    UdpSocket client = UdpSocket::open(false);
    Path to_server{server.local_address(), {}};
};

}  // namespace

TEST_CASE_FIXTURE(Pair, "a run with a shorter last packet arrives as it was") {
    const auto sizes = run_of(40, 1184, 224);
    send_all(client, to_server, sizes);
    check_packets(receive(server, sizes.size()), sizes);
}

TEST_CASE_FIXTURE(Pair, "packets of all sizes keep their order and their limits") {
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < 250; ++i) sizes.push_back(80 + 16 * (i / 3 * 7 % 60));
    send_all(client, to_server, sizes);
    check_packets(receive(server, sizes.size()), sizes);
    CHECK(client.dropped_packets() == 0);
}

TEST_CASE_FIXTURE(Pair, "more than a batch holds is sent on the way") {
    const auto sizes = run_of(250, 1184, 1184);
    send_all(client, to_server, sizes);
    check_packets(receive(server, sizes.size()), sizes);
}

TEST_CASE_FIXTURE(Pair, "without segmentation the same packets arrive") {
    client.forbid_segmentation();
    const auto sizes = run_of(100, 1184, 80);
    send_all(client, to_server, sizes);
    check_packets(receive(server, sizes.size()), sizes);
}

TEST_CASE_FIXTURE(Pair, "packets to several peers in one batch go each to its own") {
    UdpSocket other = UdpSocket::bind(at("127.0.0.2"));
    const Path to_other{other.local_address(), {}};
    for (std::size_t i = 0; i < 20; ++i) {
        put(client, to_server, 200, 2 * i);
        put(client, to_other, 200, 2 * i + 1);
    }
    client.flush();
    const auto here = receive(server, 20);
    const auto there = receive(other, 20);
    REQUIRE(here.size() == 20);
    REQUIRE(there.size() == 20);
    for (std::size_t i = 0; i < 20; ++i) {
        CHECK(here[i].bytes[0] == 2 * i);
        CHECK(there[i].bytes[0] == 2 * i + 1);
    }
}

TEST_CASE_FIXTURE(Pair, "room that is taken back is not sent, also at the end of a run") {
    const std::vector<std::size_t> sizes{1184, 1184, 224};
    put(client, to_server, 500, 9);
    client.take_back();
    put(client, to_server, sizes[0], 0);
    put(client, to_server, 96, 9);
    client.take_back();
    put(client, to_server, sizes[1], 1);
    put(client, to_server, sizes[2], 2);
    client.flush();
    client.flush();
    check_packets(receive(server, 4), sizes);
}

TEST_CASE("what was sent can be overwritten, and arrives all the same") {
    Pair pair;
    send_all(pair.client, pair.to_server, {50});
    const MutableBytes sent = pair.client.room(pair.to_server, 100);
    std::fill(sent.begin(), sent.end(), std::uint8_t{1});
    pair.client.flush();
    put(pair.client, pair.to_server, 30, 2);
    pair.client.flush_and_wipe();
    CHECK(std::all_of(sent.begin(), sent.end(), [](std::uint8_t byte) { return byte == 0; }));
    put(pair.client, pair.to_server, 40, 3);
    pair.client.flush_and_wipe();
    check_packets(receive(pair.server, 4), {50, 100, 30, 40});
}

TEST_CASE("an answer leaves from the address that was written to") {
    UdpSocket server = UdpSocket::bind(at("0.0.0.0"));
    UdpSocket client = UdpSocket::open(false);
    const Address written_to = at("127.0.0.5", server.local_address().port);
    put(client, {written_to, {}}, 224, 0);
    client.flush();
    const auto question = receive(server, 1);
    REQUIRE(question.size() == 1);
    CHECK(question[0].path.local == written_to.ip);
    CHECK(question[0].path.peer.port == client.local_address().port);
    send_all(server, question[0].path, {200, 200, 64});
    const auto answer = receive(client, 3);
    check_packets(answer, {200, 200, 64});
    for (const auto& packet : answer) CHECK(packet.path.peer == written_to);
}

TEST_CASE("a socket on :: takes IPv4 and IPv6 and answers both from where they wrote to") {
    UdpSocket server = UdpSocket::bind(at("::"));
    UdpSocket client = UdpSocket::open(true);
    for (const char* ip : {"127.0.0.5", "::1"}) {
        const Address written_to = at(ip, server.local_address().port);
        send_all(client, {written_to, {}}, {224, 224});
        const auto question = receive(server, 2);
        check_packets(question, {224, 224});
        CHECK(question[0].path.local == written_to.ip);
        CHECK(question[0].path.peer.ip.is_v4() == written_to.ip.is_v4());
        send_all(server, question[0].path, {200, 200});
        const auto answer = receive(client, 2);
        check_packets(answer, {200, 200});
        CHECK(answer[0].path.peer == written_to);
    }
}

TEST_CASE("an address in use, and one that is not here, are named at the start") {
    const UdpSocket first = UdpSocket::bind(at("127.0.0.1"));
    const auto message_of = [](const Address& address) -> std::string {
        try {
            static_cast<void>(UdpSocket::bind(address));
        } catch (const StartError& error) {
            return error.what();
        }
        return "bound";
    };
    const Address used = first.local_address();
    CHECK(message_of(used) == "cannot bind " + to_text(used) + ": Address already in use");
    CHECK(message_of(at("192.0.2.1", 9)) ==
          "cannot bind 192.0.2.1:9: Cannot assign requested address");
}

TEST_CASE_FIXTURE(Pair, "what the kernel does not take is dropped, and the rest arrives") {
    const Path impossible{at("127.0.0.1", server.local_address().port), *parse_ip("192.0.2.1")};
    put(client, to_server, 224, 0);
    for (int i = 0; i < 3; ++i) put(client, impossible, 224, 9);
    put(client, {at("2001:db8::1", 9), {}}, 224, 9);  // an IPv4 socket has no way there
    put(client, to_server, 240, 1);
    client.flush();
    check_packets(receive(server, 3), {224, 240});
    CHECK(client.dropped_packets() == 4);
}

TEST_CASE("an ICMP error is counted by a client's socket and harms no packet") {
    for (const bool v6 : {false, true}) {
        CAPTURE(v6);
        UdpSocket client = UdpSocket::open(v6);
        const UdpSocket server = UdpSocket::bind(at(v6 ? "::1" : "127.0.0.1"));
        Address closed = server.local_address();
        {
            const UdpSocket gone = UdpSocket::bind(at(v6 ? "::1" : "127.0.0.1"));
            closed = gone.local_address();
        }
        put(client, {closed, {}}, 224, 0);
        client.flush();
        put(client, {server.local_address(), {}}, 224, 1);
        client.flush();
        CHECK(client.dropped_packets() == 0);
        CHECK(receive(client, 1).empty());
        CHECK(client.icmp_errors() == 1);
        pollfd ready{client.fd(), POLLIN, 0};
        CHECK(poll(&ready, 1, 0) == 0);  // nothing spins
    }
}

TEST_CASE(
    "a run that does not fit a narrow link is sent as single packets, the next ones as well") {
    // In a child with a network of its own, whose loopback is narrow.
    constexpr int kSkipped = 77;
    const pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNET) != 0) _exit(kSkipped);
        ifreq lo{};
        std::strncpy(lo.ifr_name, "lo", sizeof lo.ifr_name);
        const Fd control(socket(AF_INET, SOCK_DGRAM, 0));
        lo.ifr_mtu = 700;
        if (ioctl(control.get(), SIOCSIFMTU, &lo) != 0) _exit(kSkipped);
        lo.ifr_flags = IFF_UP;
        if (ioctl(control.get(), SIOCSIFFLAGS, &lo) != 0) _exit(kSkipped);
        Pair pair;
        for (int round = 0; round < 2; ++round) {
            const auto sizes = run_of(40, 1184, 224);
            send_all(pair.client, pair.to_server, sizes);
            const auto packets = receive(pair.server, sizes.size());
            if (packets.size() != sizes.size()) _exit(1);
            for (std::size_t i = 0; i < sizes.size(); ++i) {
                if (packets[i].bytes.size() != sizes[i] || packets[i].bytes[0] != i) _exit(2);
            }
        }
        _exit(pair.client.dropped_packets() == 0 ? 0 : 3);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == kSkipped) {
        MESSAGE("SKIPPED: no network namespace of its own");
        REQUIRE(geteuid() != 0);
        return;
    }
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE_FIXTURE(Pair, "of packets that begin as they should not the kernel lets few through") {
    constexpr std::array<std::uint8_t, 8> kUnwanted{1, 2, 3, 4, 5, 6, 7, 8};
    const auto receive_of_400 = [&](std::size_t wrong_byte) {
        for (std::size_t i = 0; i < 400; ++i) {
            const MutableBytes packet = client.room(to_server, 64);
            std::copy(kUnwanted.begin(), kUnwanted.end(), packet.begin());
            if (wrong_byte < packet.size()) packet[wrong_byte] ^= 0x80U;
            if (i % 16 == 15) client.flush();
        }
        client.flush();
        return receive(server, 400).size();
    };
    client.forbid_segmentation();
    constexpr std::size_t kNone = 64;
    CHECK(receive_of_400(kNone) == 400);
    REQUIRE(server.shed(kUnwanted, 3));
    const std::size_t passed = receive_of_400(kNone);
    CHECK(passed > 0);
    CHECK(passed < 200);  // 50 on the average
    for (const std::size_t byte : {0U, 3U, 4U, 7U}) CHECK(receive_of_400(byte) == 400);
    REQUIRE(server.shed(kUnwanted, 0));
    CHECK(receive_of_400(kNone) == 400);
}

TEST_CASE("no packet, no datagram") {
    UdpSocket socket = UdpSocket::open(false);
    socket.flush();
    CHECK(socket.receive().empty());
}
