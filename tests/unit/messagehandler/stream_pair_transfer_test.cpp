#include "stream_pair_loopback.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace std::chrono_literals;

namespace {

using Status = StreamPair::Status;

constexpr StreamPair::Config kServer{};
constexpr StreamPair::Config kClientFirst{.role = Role::ClientSpeaksFirst};
constexpr StreamPair::Config kServerFirst{.role = Role::ClientServerSpeaksFirst};

void check_transfer(Loopback& net, Duration limit) {
    REQUIRE(net.run_for(limit));
    CHECK(net.a.input == net.b.output);
    CHECK(net.b.input == net.a.output);
    CHECK(net.a.pair.input_end() == net.b.ending);
    CHECK(net.b.pair.input_end() == net.a.ending);
    CHECK(net.a.pair.status() == Status::Done);
    CHECK(net.b.pair.status() == Status::Done);
}

}  // namespace

TEST_CASE("both streams arrive intact, in every role and of every size") {
    for (const auto& client : {kClientFirst, kServerFirst}) {
        for (const std::size_t up : {0, 1, 512, 1025, 300000}) {
            for (const std::size_t down : {0, 1, 144, 1000000}) {
                CAPTURE(up);
                CAPTURE(down);
                Loopback net(client, kServer, {}, 1);
                net.a.output = random_bytes(up, 1);
                net.b.output = random_bytes(down, 2);
                net.b.ending = Ending::Failure;
                check_transfer(net, 60s);
            }
        }
    }
}

TEST_CASE("loss, reordering and duplication spoil nothing") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        Loopback net(seed % 2 == 0 ? kClientFirst : kServerFirst, kServer,
                     {.delay = 10ms, .loss = 0.1, .reordering = 0.05, .duplication = 0.02}, seed);
        net.a.output = random_bytes(500000, seed);
        net.b.output = random_bytes(500000, seed + 1000);
        check_transfer(net, 20min);
        INFO("virtual seconds " << std::chrono::duration<double>(net.now.time_since_epoch()).count());
        MESSAGE("seed " << seed << " took " << std::chrono::duration<double>(net.now - TimePoint(1000s)).count() << " messages " << net.a.sent_messages);
    }
}

TEST_CASE("a fast link is used: 20 MB at a round trip of 200 microseconds take under a second") {
    Loopback net(kClientFirst, kServer, {.delay = 100us}, 1);
    net.b.output = random_bytes(20000000, 1);
    const TimePoint start = net.now;
    check_transfer(net, 60s);
    MESSAGE("took " << std::chrono::duration<double>(net.now - start).count() << " acks " << net.a.sent_messages << " most " << net.b.most_at_once);
    CHECK(net.now - start < 3s);
}
