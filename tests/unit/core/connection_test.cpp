#include "curvecp/core/connection.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

struct Sealed {
    NonceCounter nonce;
    std::vector<std::uint8_t> box;
};

// One end, which sends one kind of packets and receives another.
class End {
  public:
    End(KeyArena& arena, CountedBox sends, CountedBox receives, std::uint64_t first_nonce)
        : connection_(*arena.store(SharedKey()), NonceSequence(NonceCounter{first_nonce})),
          sends_(sends),
          receives_(receives) {}

    Sealed seal(std::uint8_t byte) {
        Sealed sealed;
        sealed.box.resize(kBoxOverhead + 32);
        std::array<std::uint8_t, 8> nonce{};
        const std::vector<std::uint8_t> plaintext(32, byte);
        REQUIRE(connection_.seal(sends_, nonce, sealed.box, plaintext));
        sealed.nonce = NonceCounter::load(nonce);
        return sealed;
    }
    std::variant<Connection::Opened, DropReason> open(Sealed sealed) {
        box_ = sealed.box;
        return connection_.open(receives_, sealed.nonce, box_);
    }
    // "newest", "late" or why not.
    std::string_view verdict(const Sealed& sealed) {
        const auto result = open(sealed);
        if (const auto* reason = std::get_if<DropReason>(&result)) return to_text(*reason);
        return std::get<Connection::Opened>(result).newest ? "newest" : "late";
    }
    Connection& connection() { return connection_; }

  private:
    Connection connection_;
    CountedBox sends_;
    CountedBox receives_;
    std::vector<std::uint8_t> box_;
};

struct Pair {
    KeyArena arena{2};
    End client{arena, CountedBox::ClientMessage, CountedBox::ServerMessage, 100};
    End server{arena, CountedBox::ServerMessage, CountedBox::ClientMessage, 7};
};

}  // namespace

TEST_CASE("what one end seals the other opens, in both directions") {
    Pair pair;
    for (std::uint8_t i = 0; i < 10; ++i) {
        for (auto [from, to] :
             {std::pair{&pair.client, &pair.server}, std::pair{&pair.server, &pair.client}}) {
            const auto result = to->open(from->seal(i));
            REQUIRE(std::holds_alternative<Connection::Opened>(result));
            const MutableBytes plaintext = std::get<Connection::Opened>(result).plaintext;
            CHECK(std::vector<std::uint8_t>(plaintext.begin(), plaintext.end()) ==
                  std::vector<std::uint8_t>(32, i));
        }
    }
}

TEST_CASE("nonces of a connection grow by one") {
    Pair pair;
    for (std::uint64_t i = 0; i < 5; ++i) CHECK(pair.client.seal(0).nonce.value == 100 + i);
}

TEST_CASE("a packet is opened once") {
    Pair pair;
    const Sealed packet = pair.client.seal(1);
    CHECK(pair.server.verdict(packet) == "newest");
    CHECK(pair.server.verdict(packet) == to_text(DropReason::Repeated));
    CHECK(pair.server.verdict(packet) == to_text(DropReason::Repeated));
}

TEST_CASE("a late packet is opened, but is not the newest") {
    Pair pair;
    const Sealed late = pair.client.seal(1);
    CHECK(pair.server.verdict(pair.client.seal(2)) == "newest");
    CHECK(pair.server.verdict(late) == "late");
    CHECK(pair.server.verdict(late) == to_text(DropReason::Repeated));
    CHECK(pair.server.verdict(pair.client.seal(3)) == "newest");
}

TEST_CASE("a packet behind the window is dropped") {
    Pair pair;
    const Sealed at_the_border = pair.client.seal(0);
    const Sealed in_the_window = pair.client.seal(1);
    Sealed newest;
    for (std::uint64_t i = 0; i < ReplayWindow::kSize - 1; ++i) newest = pair.client.seal(2);
    CHECK(pair.server.verdict(newest) == "newest");
    CHECK(pair.server.verdict(at_the_border) == to_text(DropReason::TooOld));
    CHECK(pair.server.verdict(in_the_window) == "late");
}

TEST_CASE("a forged packet is dropped and leaves the window alone") {
    Pair pair;
    const Sealed good = pair.client.seal(1);
    Sealed forged = good;
    forged.nonce = NonceCounter{good.nonce.value + 1000000};
    CHECK(pair.server.verdict(forged) == to_text(DropReason::BadMessage));
    for (std::size_t bit = 0; bit < 8 * good.box.size(); ++bit) {
        forged = good;
        forged.box[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK(pair.server.verdict(forged) == to_text(DropReason::BadMessage));
    }
    CHECK(pair.server.verdict(good) == "newest");
}

TEST_CASE("a packet sent back to its sender is dropped") {
    Pair pair;
    CHECK(pair.client.verdict(pair.client.seal(1)) == to_text(DropReason::BadMessage));
}

TEST_CASE("a packet opens as the kind that it was sealed as") {
    Pair pair;
    const Sealed packet = pair.client.seal(1);
    for (const CountedBox kind :
         {CountedBox::Hello, CountedBox::Initiate, CountedBox::ServerMessage}) {
        auto box = packet.box;
        CHECK(std::holds_alternative<DropReason>(
            pair.server.connection().open(kind, packet.nonce, box)));
    }
    CHECK(pair.server.verdict(packet) == "newest");
}

TEST_CASE("a nonce that was accepted elsewhere counts as seen") {
    Pair pair;
    const Sealed first = pair.client.seal(1);
    pair.server.connection().accept(first.nonce);
    CHECK(pair.server.verdict(first) == to_text(DropReason::Repeated));
    CHECK(pair.server.verdict(pair.client.seal(2)) == "newest");
}

TEST_CASE("a connection whose nonces are used up seals nothing more") {
    KeyArena arena(1);
    Connection connection(*arena.store(SharedKey()),
                          NonceSequence(NonceCounter{~std::uint64_t{0} - 1}));
    std::array<std::uint8_t, 8> nonce{};
    std::vector<std::uint8_t> box(kBoxOverhead + 16, 0xaa);
    const std::vector<std::uint8_t> plaintext(16);
    CHECK(connection.seal(CountedBox::ServerMessage, nonce, box, plaintext));
    const auto nonce_before = nonce;
    const auto box_before = box;
    CHECK_FALSE(connection.seal(CountedBox::ServerMessage, nonce, box, plaintext));
    CHECK(nonce == nonce_before);
    CHECK(box == box_before);
}

TEST_CASE("a box too short for its tag is dropped") {
    Pair pair;
    Sealed packet = pair.client.seal(1);
    packet.box.resize(15);
    CHECK(pair.server.verdict(packet) == to_text(DropReason::BadMessage));
}
