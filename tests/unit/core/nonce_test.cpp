#include "curvecp/core/nonce.hpp"

#include "curvecp/core/hex.hpp"

#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

std::string text_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

LongTermNonce long_term_nonce() {
    return *parse_hex<LongTermNonce>("000102030405060708090a0b0c0d0e0f");
}

}  // namespace

TEST_CASE("a counted nonce is its box's prefix and the counter, lowest byte first") {
    const NonceCounter counter{0x0807060504030201};
    const std::array<std::pair<CountedBox, std::string_view>, 4> boxes{
        std::pair{CountedBox::Hello, "CurveCP-client-H"},
        std::pair{CountedBox::Initiate, "CurveCP-client-I"},
        std::pair{CountedBox::ClientMessage, "CurveCP-client-M"},
        std::pair{CountedBox::ServerMessage, "CurveCP-server-M"}};
    for (const auto& [box, prefix] : boxes) {
        const Nonce nonce = make_nonce(box, counter);
        CHECK(text_of(nonce.bytes().first<16>()) == prefix);
        CHECK(to_hex(nonce.bytes().last<8>()) == "0102030405060708");
    }
}

TEST_CASE("the nonce of a long-term key is its box's prefix and a long-term nonce") {
    const std::array<std::pair<LongTermBox, std::string_view>, 3> boxes{
        std::pair{LongTermBox::Cookie, "CurveCPK"}, std::pair{LongTermBox::Vouch, "CurveCPV"},
        std::pair{LongTermBox::MinuteCookie, "minute-k"}};
    for (const auto& [box, prefix] : boxes) {
        const Nonce nonce = make_nonce(box, long_term_nonce());
        CHECK(text_of(nonce.bytes().first<8>()) == prefix);
        CHECK(to_hex(nonce.bytes().last<16>()) == "000102030405060708090a0b0c0d0e0f");
    }
}

TEST_CASE("a counter stands in a packet lowest byte first") {
    std::array<std::uint8_t, 8> bytes{};
    NonceCounter{1}.store(bytes);
    CHECK(to_hex(bytes) == "0100000000000000");
    CHECK(NonceCounter::load(bytes) == NonceCounter{1});
}

TEST_CASE("a sequence grows by one for each packet") {
    NonceSequence sequence(NonceCounter{41});
    CHECK(sequence.next() == NonceCounter{41});
    CHECK(sequence.next() == NonceCounter{42});
    CHECK(sequence.next() == NonceCounter{43});
}

TEST_CASE("a sequence that would wrap is exhausted for good") {
    constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
    NonceSequence sequence(NonceCounter{kLast - 2});
    CHECK(sequence.next() == NonceCounter{kLast - 2});
    CHECK(sequence.next() == NonceCounter{kLast - 1});
    for (int i = 0; i < 3; ++i) CHECK_FALSE(sequence.next());
}

TEST_CASE("a sequence starts at a random value below 2^48") {
    std::uint64_t all_bits = 0;
    for (int i = 0; i < 200; ++i) {
        const auto first = NonceSequence::random().next();
        REQUIRE(first);
        CHECK(first->value < std::uint64_t{1} << 48U);
        all_bits |= first->value;
    }
    CHECK(all_bits == (std::uint64_t{1} << 48U) - 1);
}
