#include "curvecp/core/packet.hpp"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

// A field begins here and has this size.
template <class F, std::size_t Offset, std::size_t Size>
constexpr bool kLies = F::kOffset == Offset&& F::kSize == Size;

static_assert(kLies<Hello::Magic, 0, 8> && kLies<Hello::ServerExtension, 8, 16> &&
              kLies<Hello::ClientExtension, 24, 16> && kLies<Hello::ClientShortTerm, 40, 32> &&
              kLies<Hello::Zeros, 72, 64> && kLies<Hello::NonceTail, 136, 8> &&
              kLies<Hello::Box, 144, 80> && Hello::kSize == 224);

static_assert(kLies<Cookie::Magic, 0, 8> && kLies<Cookie::ClientExtension, 8, 16> &&
              kLies<Cookie::ServerExtension, 24, 16> && kLies<Cookie::NonceTail, 40, 16> &&
              kLies<Cookie::Box, 56, 144> && Cookie::kSize == 200);
static_assert(kLies<Cookie::ServerShortTerm, 0, 32> && kLies<Cookie::Sealed, 32, 96>);

static_assert(kLies<SealedCookie::NonceTail, 0, 16> && kLies<SealedCookie::Box, 16, 80> &&
              kLies<SealedCookie::ClientShortTerm, 0, 32> &&
              kLies<SealedCookie::ServerShortTermSecret, 32, 32> && SealedCookie::kSize == 96);

static_assert(kLies<Initiate::Magic, 0, 8> && kLies<Initiate::ServerExtension, 8, 16> &&
              kLies<Initiate::ClientExtension, 24, 16> &&
              kLies<Initiate::ClientShortTerm, 40, 32> && kLies<Initiate::Cookie, 72, 96> &&
              kLies<Initiate::NonceTail, 168, 8> && Initiate::kBoxOffset == 176);
static_assert(kLies<Initiate::ClientLongTerm, 0, 32> && kLies<Initiate::VouchField, 32, 64> &&
              kLies<Initiate::Name, 96, 256> && Initiate::kMessageOffset == 352);
static_assert(kLies<Vouch::NonceTail, 0, 16> && kLies<Vouch::Box, 16, 48> && Vouch::kSize == 64);

static_assert(kLies<ClientMessage::Magic, 0, 8> && kLies<ClientMessage::ServerExtension, 8, 16> &&
              kLies<ClientMessage::ClientExtension, 24, 16> &&
              kLies<ClientMessage::ClientShortTerm, 40, 32> &&
              kLies<ClientMessage::NonceTail, 72, 8> && ClientMessage::kBoxOffset == 80);

static_assert(kLies<ServerMessage::Magic, 0, 8> && kLies<ServerMessage::ClientExtension, 8, 16> &&
              kLies<ServerMessage::ServerExtension, 24, 16> &&
              kLies<ServerMessage::NonceTail, 40, 8> && ServerMessage::kBoxOffset == 48);

constexpr std::size_t kLongestTried = 1300;

std::vector<std::uint8_t> datagram(std::string_view magic, std::size_t size) {
    std::vector<std::uint8_t> bytes(size, 0x11);
    std::copy_n(magic.begin(), std::min(magic.size(), size), bytes.begin());
    return bytes;
}

bool is_whole_message(std::size_t size, std::size_t overhead, std::size_t most) {
    return size >= overhead + 16 && size <= overhead + most && (size - overhead) % 16 == 0;
}

template <class Packet>
bool a_server_sees(std::vector<std::uint8_t> bytes) {
    return std::holds_alternative<Packet>(classify_to_server(bytes));
}

template <class Packet>
bool a_client_sees(std::vector<std::uint8_t> bytes) {
    return std::holds_alternative<Packet>(classify_to_client(bytes));
}

}  // namespace

TEST_CASE("a server tells packets by magic and length") {
    for (std::size_t size = 0; size <= kLongestTried; ++size) {
        CAPTURE(size);
        CHECK(a_server_sees<Hello>(datagram("QvnQ5XlH", size)) == (size == 224));
        CHECK(a_server_sees<Initiate>(datagram("QvnQ5XlI", size)) ==
              is_whole_message(size, 544, 640));
        CHECK(a_server_sees<ClientMessage>(datagram("QvnQ5XlM", size)) ==
              is_whole_message(size, 96, 1088));
        CHECK(a_server_sees<NotAPacket>(datagram("RL3aNMXK", size)));
        CHECK(a_server_sees<NotAPacket>(datagram("RL3aNMXM", size)));
        CHECK(a_server_sees<NotAPacket>(datagram("QvnQ5XlZ", size)));
    }
}

TEST_CASE("a client tells packets by magic and length") {
    for (std::size_t size = 0; size <= kLongestTried; ++size) {
        CAPTURE(size);
        CHECK(a_client_sees<Cookie>(datagram("RL3aNMXK", size)) == (size == 200));
        CHECK(a_client_sees<ServerMessage>(datagram("RL3aNMXM", size)) ==
              is_whole_message(size, 64, 1088));
        CHECK(a_client_sees<NotAPacket>(datagram("QvnQ5XlH", size)));
        CHECK(a_client_sees<NotAPacket>(datagram("QvnQ5XlI", size)));
        CHECK(a_client_sees<NotAPacket>(datagram("QvnQ5XlM", size)));
    }
}

TEST_CASE("whatever is not one of a kind's packets is no packet at all") {
    for (std::size_t size = 0; size <= kLongestTried; ++size) {
        CAPTURE(size);
        for (const std::string_view magic : {"QvnQ5XlH", "QvnQ5XlI", "QvnQ5XlM"}) {
            const auto bytes = datagram(magic, size);
            const int kinds =
                int{a_server_sees<Hello>(bytes)} + int{a_server_sees<Initiate>(bytes)} +
                int{a_server_sees<ClientMessage>(bytes)} + int{a_server_sees<NotAPacket>(bytes)};
            CHECK(kinds == 1);
        }
    }
}

TEST_CASE("every bit of the magic counts") {
    for (std::size_t bit = 0; bit < 64; ++bit) {
        auto hello = datagram("QvnQ5XlH", Hello::kSize);
        hello[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK_FALSE(a_server_sees<Hello>(hello));
        auto cookie = datagram("RL3aNMXK", Cookie::kSize);
        cookie[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK_FALSE(a_client_sees<Cookie>(cookie));
    }
}

TEST_CASE("a packet that is written begins with its magic") {
    std::vector<std::uint8_t> bytes(kMaxPacketSize);
    const auto magic = [&] { return std::string_view(reinterpret_cast<char*>(bytes.data()), 8); };
    write_magic(Hello{MutableBytes(bytes).first<Hello::kSize>()});
    CHECK(magic() == "QvnQ5XlH");
    write_magic(Cookie{MutableBytes(bytes).first<Cookie::kSize>()});
    CHECK(magic() == "RL3aNMXK");
    write_magic(Initiate{bytes});
    CHECK(magic() == "QvnQ5XlI");
    write_magic(ClientMessage{bytes});
    CHECK(magic() == "QvnQ5XlM");
    write_magic(ServerMessage{bytes});
    CHECK(magic() == "RL3aNMXM");
}

TEST_CASE("a classified packet is the datagram itself, its box the rest of it") {
    auto bytes = datagram("QvnQ5XlI", 544 + 48);
    const auto packet = classify_to_server(bytes);
    REQUIRE(std::holds_alternative<Initiate>(packet));
    const MutableBytes box = std::get<Initiate>(packet).box();
    CHECK(box.data() == bytes.data() + 176);
    CHECK(box.size() == 368 + 48);

    auto message = datagram("RL3aNMXM", 64 + 16);
    const auto answer = classify_to_client(message);
    REQUIRE(std::holds_alternative<ServerMessage>(answer));
    CHECK(std::get<ServerMessage>(answer).box().size() == 16 + 16);
}

TEST_CASE("who is connected comes before who wants in, and strangers come last") {
    CHECK(precedence_of(datagram("QvnQ5XlM", 112)) == Precedence::Connected);
    CHECK(precedence_of(datagram("QvnQ5XlI", 560)) == Precedence::Initiating);
    CHECK(precedence_of(datagram("QvnQ5XlH", 224)) == Precedence::Stranger);
    CHECK(precedence_of(datagram("RL3aNMXM", 112)) == Precedence::Stranger);
    CHECK(precedence_of({}) == Precedence::Stranger);
    CHECK(precedence_of(datagram("QvnQ5XlM", 7)) == Precedence::Stranger);
}
