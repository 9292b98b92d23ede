#include "daemon/waiting_strangers.hpp"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

using Packet = std::vector<std::uint8_t>;

Packet packet(std::string_view magic, std::size_t size) {
    Packet bytes(size);
    std::copy(magic.begin(), magic.end(), bytes.begin());
    return bytes;
}

const Packet kWaitingHello = packet("QvnQ5XlH", Hello::kSize);
const Packet kInitiate = packet("QvnQ5XlI", 560);

bool add(WaitingStrangers& strangers, const Packet& bytes, std::uint16_t port = 0) {
    return strangers.add({.peer = {.ip = {}, .port = port}, .local = {}}, bytes);
}

std::size_t size_of_next(WaitingStrangers& strangers) {
    const auto next = strangers.next();
    return next ? next->datagram.size() : 0;
}

}  // namespace

TEST_CASE("Hellos and Initiates have to wait, Messages and what is no packet do not") {
    CHECK(WaitingStrangers::is_stranger(kWaitingHello));
    CHECK(WaitingStrangers::is_stranger(kInitiate));
    CHECK(WaitingStrangers::is_stranger(packet("QvnQ5XlI", Initiate::kMaxSize)));
    CHECK_FALSE(WaitingStrangers::is_stranger(packet("QvnQ5XlI", Initiate::kMaxSize + 1)));
    CHECK_FALSE(WaitingStrangers::is_stranger(packet("QvnQ5XlH", Hello::kSize - 1)));
    CHECK_FALSE(WaitingStrangers::is_stranger(packet("QvnQ5XlH", Hello::kSize + 1)));
    CHECK_FALSE(WaitingStrangers::is_stranger(packet("QvnQ5XlM", Hello::kSize)));
    CHECK_FALSE(WaitingStrangers::is_stranger(packet("QvnQ5XlM", 560)));
    CHECK_FALSE(WaitingStrangers::is_stranger({}));
}

TEST_CASE("a flood of Hellos takes no room from Initiates, nor the other way round") {
    WaitingStrangers strangers;
    for (std::size_t i = 0; i < WaitingStrangers::kMostHellos; ++i)
        REQUIRE(add(strangers, kWaitingHello));
    CHECK_FALSE(add(strangers, kWaitingHello));
    for (std::size_t i = 0; i < WaitingStrangers::kMostInitiates; ++i) {
        REQUIRE(add(strangers, kInitiate));
    }
    CHECK_FALSE(add(strangers, kInitiate));
    CHECK_FALSE(add(strangers, kWaitingHello));
}

TEST_CASE(
    "a flood of Hellos takes at most every second turn from Initiates, and the other way round") {
    WaitingStrangers strangers;
    for (int i = 0; i < 10; ++i) {
        REQUIRE(add(strangers, kWaitingHello));
        REQUIRE(add(strangers, kInitiate));
    }
    for (int turn = 0; turn < 10; ++turn) {
        CHECK(size_of_next(strangers) + size_of_next(strangers) == Hello::kSize + 560);
    }
    CHECK(strangers.empty());
    CHECK_FALSE(strangers.next());
}

TEST_CASE("Hellos may have to wait on, Initiates not") {
    WaitingStrangers strangers;
    REQUIRE(add(strangers, kWaitingHello));
    REQUIRE(add(strangers, kInitiate));
    CHECK(strangers.next(false)->datagram.size() == kInitiate.size());
    CHECK_FALSE(strangers.next(false));
    CHECK_FALSE(strangers.empty());
    CHECK(strangers.next(true)->datagram.size() == kWaitingHello.size());
}

TEST_CASE("no turn is lost where only one kind waits, and each kind keeps its order") {
    WaitingStrangers strangers;
    for (const Packet& kind : {kWaitingHello, kInitiate}) {
        for (std::uint16_t port = 1; port <= 5; ++port) REQUIRE(add(strangers, kind, port));
        for (std::uint16_t port = 1; port <= 5; ++port) {
            const auto next = strangers.next();
            REQUIRE(next);
            CHECK(next->path.peer.port == port);
            CHECK(next->datagram.size() == kind.size());
        }
        CHECK(strangers.empty());
    }
}
