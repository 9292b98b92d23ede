#include "daemon/admission.hpp"

#include <random>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

PublicKey key_number(std::uint8_t number) {
    PublicKey key;
    key.bytes()[0] = number;
    return key;
}

IpAddress address_of(std::string_view text) {
    return parse_ip(text).value();
}

}  // namespace

TEST_CASE("as many connections of an address as its limit, of each address") {
    Limits limits;
    limits.per_address = 2;
    Occupancy occupancy(limits);
    const IpAddress here = address_of("192.0.2.1");
    occupancy.add(here, key_number(1));
    CHECK_FALSE(occupancy.full(here));
    occupancy.add(here, key_number(2));
    CHECK(occupancy.full(here) == DropReason::AddressLimit);
    CHECK_FALSE(occupancy.full(address_of("192.0.2.2")));
    occupancy.remove(here, key_number(1));
    CHECK_FALSE(occupancy.full(here));
}

TEST_CASE("a network has its own limit for each family") {
    Limits limits;
    limits.per_prefix_v4 = 2;
    limits.per_prefix_v6 = 1;
    Occupancy occupancy(limits);
    occupancy.add(address_of("192.0.2.1"), key_number(1));
    occupancy.add(address_of("192.0.2.2"), key_number(1));
    CHECK(occupancy.full(address_of("192.0.2.3")) == DropReason::PrefixLimit);
    CHECK_FALSE(occupancy.full(address_of("192.0.3.1")));
    occupancy.add(address_of("2001:db8:0:ff::1"), key_number(1));
    CHECK(occupancy.full(address_of("2001:db8::2")) == DropReason::PrefixLimit);
    CHECK_FALSE(occupancy.full(address_of("2001:db8:0:100::1")));
}

TEST_CASE("a key's own limit takes the place of the general one") {
    Limits limits;
    limits.per_key = 1;
    Occupancy occupancy(limits);
    occupancy.add(address_of("192.0.2.1"), key_number(1));
    CHECK(occupancy.full(key_number(1), std::nullopt) == DropReason::KeyLimit);
    CHECK_FALSE(occupancy.full(key_number(1), 2));
    occupancy.add(address_of("192.0.2.2"), key_number(1));
    CHECK(occupancy.full(key_number(1), 2) == DropReason::KeyLimit);
    CHECK_FALSE(occupancy.full(key_number(2), std::nullopt));
}

TEST_CASE("a connection that moves is counted where it is") {
    Limits limits;
    limits.per_address = 1;
    Occupancy occupancy(limits);
    occupancy.add(address_of("192.0.2.1"), key_number(1));
    occupancy.move(address_of("192.0.2.1"), address_of("192.0.2.2"));
    CHECK_FALSE(occupancy.full(address_of("192.0.2.1")));
    CHECK(occupancy.full(address_of("192.0.2.2")) == DropReason::AddressLimit);
    occupancy.remove(address_of("192.0.2.2"), key_number(1));
    CHECK(occupancy.size() == 0);
}

TEST_CASE("what is not limited is not remembered") {
    Occupancy occupancy{Limits{}};
    occupancy.add(address_of("192.0.2.1"), key_number(1));
    CHECK(occupancy.size() == 0);
    occupancy.move(address_of("192.0.2.1"), address_of("192.0.2.2"));
    occupancy.remove(address_of("192.0.2.2"), key_number(1));
    CHECK(occupancy.size() == 0);
}

TEST_CASE("after any coming, moving and going, as much is remembered as is there") {
    Limits limits;
    limits.per_address = 3;
    limits.per_prefix_v4 = 5;
    limits.per_prefix_v6 = 5;
    limits.per_key = 4;
    Occupancy occupancy(limits);
    struct Present {
        IpAddress ip;
        PublicKey key;
    };
    std::vector<Present> present;
    std::mt19937 random(7);  // NOLINT: the same steps each time
    const auto below = [&random](std::size_t limit) { return random() % limit; };
    const auto any_ip = [&below] {
        const auto last = static_cast<std::uint8_t>(below(8));
        return IpAddress::v4(std::array<std::uint8_t, 4>{192, 0, last, last});
    };
    for (int step = 0; step < 20'000; ++step) {
        const auto action = below(3);
        if (action == 0 || present.empty()) {
            present.push_back({any_ip(), key_number(static_cast<std::uint8_t>(below(8)))});
            occupancy.add(present.back().ip, present.back().key);
            continue;
        }
        Present& one = present[below(present.size())];
        if (action == 1) {
            const IpAddress to = any_ip();
            occupancy.move(one.ip, to);
            one.ip = to;
        } else {
            occupancy.remove(one.ip, one.key);
            one = present.back();
            present.pop_back();
        }
        const IpAddress asked = any_ip();
        const auto here = std::count_if(present.begin(), present.end(),
                                        [&](const Present& other) { return other.ip == asked; });
        REQUIRE((occupancy.full(asked) == DropReason::AddressLimit) == (here >= 3));
    }
    for (const Present& one : present) occupancy.remove(one.ip, one.key);
    CHECK(occupancy.size() == 0);
}

TEST_CASE("so many new connections a second, and as many at once after a pause") {
    ArrivalRates rates;
    TimePoint now{seconds(100)};
    const IpAddress here = address_of("192.0.2.1");
    const auto arrivals = [&] {
        int count = 0;
        while (rates.allows(now, here, 4)) {
            rates.add(now, here, 4);
            ++count;
        }
        return count;
    };
    CHECK(arrivals() == 4);
    CHECK(rates.allows(now, address_of("192.0.2.2"), 4));
    now += milliseconds(249);
    CHECK(arrivals() == 0);
    now += milliseconds(1);
    CHECK(arrivals() == 1);
    now += milliseconds(500);
    CHECK(arrivals() == 2);
    now += seconds(100);
    CHECK(arrivals() == 4);
}

TEST_CASE("without a rate nothing is limited or remembered") {
    ArrivalRates rates;
    for (int i = 0; i < 100; ++i) {
        CHECK(rates.allows(TimePoint(), address_of("192.0.2.1"), 0));
        rates.add(TimePoint(), address_of("192.0.2.1"), 0);
    }
    CHECK(rates.size() == 0);
}

TEST_CASE(
    "however many addresses come, memory of them is bounded, and who waits long is forgotten") {
    ArrivalRates rates;
    TimePoint now{seconds(100)};
    const auto number = [](std::uint32_t i) {
        return IpAddress::v4(std::array<std::uint8_t, 4>{10, static_cast<std::uint8_t>(i >> 16U),
                                                         static_cast<std::uint8_t>(i >> 8U),
                                                         static_cast<std::uint8_t>(i)});
    };
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        rates.add(now, number(i), 1);
        REQUIRE(rates.size() <= ArrivalRates::kMostAddresses);
        now += milliseconds(1);
    }
    CHECK_FALSE(rates.allows(now, number(99'999), 1));
}
