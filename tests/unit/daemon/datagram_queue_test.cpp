#include "daemon/datagram_queue.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

Path path_of(std::uint16_t port) {
    return {.peer = {.ip = {}, .port = port}, .local = {}};
}

}  // namespace

TEST_CASE("datagrams leave a queue in the order that they came, each with its way and length") {
    DatagramQueue queue(3, 10);
    CHECK(queue.empty());
    CHECK_FALSE(queue.pop());
    std::uint16_t out = 0;
    for (std::uint16_t in = 0; in < 100; ++in) {
        const std::vector<std::uint8_t> bytes(in % 11, static_cast<std::uint8_t>(in));
        REQUIRE(queue.push(path_of(in), bytes));
        CHECK_FALSE(queue.empty());
        if (in < 2) continue;  // three are in it from here on
        const auto waiting = queue.pop();
        REQUIRE(waiting);
        CHECK(waiting->path == path_of(out));
        CHECK(waiting->datagram.size() == out % 11);
        CHECK(std::all_of(waiting->datagram.begin(), waiting->datagram.end(),
                          [out](std::uint8_t byte) { return byte == out; }));
        ++out;
    }
}

TEST_CASE("a full queue takes nothing and keeps what it has") {
    DatagramQueue queue(2, 4);
    const std::array<std::uint8_t, 4> bytes{1, 2, 3, 4};
    CHECK(queue.push(path_of(1), bytes));
    CHECK(queue.push(path_of(2), bytes));
    CHECK_FALSE(queue.push(path_of(3), bytes));
    CHECK(queue.pop()->path == path_of(1));
    CHECK(queue.push(path_of(4), bytes));
    CHECK_FALSE(queue.push(path_of(5), bytes));
    CHECK(queue.pop()->path == path_of(2));
    CHECK(queue.pop()->path == path_of(4));
    CHECK(queue.empty());
}

TEST_CASE("what was taken from a queue stays as it is until something new comes") {
    DatagramQueue queue(2, 1);
    CHECK(queue.push(path_of(1), std::array<std::uint8_t, 1>{1}));
    CHECK(queue.push(path_of(2), std::array<std::uint8_t, 1>{2}));
    const auto first = queue.pop();
    const auto second = queue.pop();
    CHECK(first->datagram[0] == 1);
    CHECK(second->datagram[0] == 2);
}
