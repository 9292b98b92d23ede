#include "curvecp/core/replay_window.hpp"

#include <limits>
#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

using Verdict = ReplayWindow::Verdict;

constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();

// The rule itself, without any cleverness.
class Model {
  public:
    [[nodiscard]] Verdict check(std::uint64_t nonce) const {
        if (seen_.empty() || nonce > *seen_.rbegin()) return Verdict::Newest;
        if (*seen_.rbegin() - nonce >= ReplayWindow::kSize) return Verdict::TooOld;
        return seen_.contains(nonce) ? Verdict::Repeated : Verdict::Late;
    }
    void accept(std::uint64_t nonce) {
        seen_.insert(nonce);
        while (*seen_.rbegin() - *seen_.begin() >= ReplayWindow::kSize) {
            seen_.erase(seen_.begin());
        }
    }

  private:
    std::set<std::uint64_t> seen_;
};

Verdict offer(ReplayWindow& window, std::uint64_t nonce) {
    const Verdict verdict = window.check(NonceCounter{nonce});
    if (verdict == Verdict::Newest || verdict == Verdict::Late) {
        window.accept(NonceCounter{nonce});
    }
    return verdict;
}

// A nonce near the newest one: mostly a little above or below, at times a jump or a border.
std::uint64_t next_nonce(std::mt19937_64& random, std::uint64_t newest) {
    const std::uint64_t step = random();
    switch (random() % 8) {
        case 0:
            return newest + 1;
        case 1:
            return newest + step % 70;
        case 2:
            return newest + 64 * (step % 40);
        case 3:
            return newest + step % 5000;
        case 4:
            return newest - (2046 + step % 4);
        case 5:
            return newest - step % 2200;
        default:
            return newest - step % 64;
    }
}

// What a way that loses, repeats and reorders little makes of packets: mostly the next one, at
// times a few of them in another order, an early one again, or some lost, many at worst.
class Way {
  public:
    explicit Way(std::uint64_t seed) : random_(seed), next_(random_() >> (random_() % 64)) {}

    std::uint64_t next() {
        const std::uint64_t kind = random_() % 1000;
        if (kind < calm_) return next_++;
        switch (kind % 5) {
            case 0:
                next_ += random_() % 3;
                break;
            case 1:
                return next_ - std::min(next_, random_() % 66);
            case 2:
                return next_ - std::min(next_, random_() % 2100);
            case 3:
                next_ += random_() % 70;
                break;
            default:
                calm_ = random_() % 2 == 0 ? 900 : 1000;  // from now on nothing happens
                if (random_() % 8 == 0) next_ += random_() % 2200;
                break;
        }
        return next_++;
    }
    void disturb() { calm_ = 900; }

  private:
    std::mt19937_64 random_;
    std::uint64_t next_;
    std::uint64_t calm_ = 900;
};

struct Compared {
    ReplayWindow window;
    Model model;

    // Whether both say the same of a nonce; where it is new, both accept it.
    bool offer(std::uint64_t nonce) {
        const Verdict expected = model.check(nonce);
        if (window.check(NonceCounter{nonce}) != expected) return false;
        if (expected == Verdict::Newest || expected == Verdict::Late) {
            window.accept(NonceCounter{nonce});
            model.accept(nonce);
        }
        return true;
    }
    // Whether both say the same of every nonce of the window and around it.
    [[nodiscard]] bool agree_around(std::uint64_t newest) const {
        for (std::uint64_t age = 0; age < ReplayWindow::kSize + 70 && age <= newest; ++age) {
            const std::uint64_t nonce = newest - age;
            if (window.check(NonceCounter{nonce}) != model.check(nonce)) return false;
        }
        return true;
    }
};

}  // namespace

TEST_CASE("packets in order need no bitmap, nor do those that come a little late") {
    ReplayWindow window;
    for (std::uint64_t nonce = 5120; nonce < 9120; ++nonce) {
        const std::uint64_t reordered = nonce ^ 31U;  // the last 32 in reverse
        REQUIRE((window.check(NonceCounter{reordered}) == Verdict::Newest ||
                 window.check(NonceCounter{reordered}) == Verdict::Late));
        window.accept(NonceCounter{reordered});
        REQUIRE_FALSE(window.has_bitmap());
    }
    CHECK(offer(window, 20000) == Verdict::Newest);
    CHECK_FALSE(window.has_bitmap());
}

TEST_CASE("a bitmap is there from a gap on that gets old, until it leaves the window") {
    ReplayWindow window;
    for (std::uint64_t nonce = 100; nonce < 200; ++nonce) offer(window, nonce);
    for (std::uint64_t nonce = 201; nonce <= 263; ++nonce) offer(window, nonce);
    CHECK_FALSE(window.has_bitmap());
    offer(window, 264);
    CHECK(window.has_bitmap());
    CHECK(window.check(NonceCounter{200}) == Verdict::Late);
    for (std::uint64_t nonce = 265; nonce < 200 + ReplayWindow::kSize; ++nonce) {
        REQUIRE(offer(window, nonce) == Verdict::Newest);
    }
    CHECK(window.has_bitmap());
    CHECK(window.check(NonceCounter{200}) == Verdict::Late);
    for (std::uint64_t i = 0; i < 128; ++i) offer(window, 200 + ReplayWindow::kSize + i);
    CHECK_FALSE(window.has_bitmap());
    CHECK(window.check(NonceCounter{200}) == Verdict::TooOld);
    CHECK(window.check(NonceCounter{201 + 130}) == Verdict::Repeated);
}

TEST_CASE("wherever a bitmap is given up, nothing is forgotten and nothing taken for seen") {
    for (const std::uint64_t first : {0U, 1U, 63U, 64U, 1000U, 2047U, 5000U}) {
        for (const std::uint64_t skipped : {0U, 1U, 2U, 31U, 62U, 63U}) {
            CAPTURE(first);
            CAPTURE(skipped);
            Compared compared;
            for (std::uint64_t i = 0; i < 200; ++i) {
                if (i != 20) REQUIRE(compared.offer(first + i));
            }
            REQUIRE(compared.window.has_bitmap());
            REQUIRE(compared.offer(first + 20));  // the gap is closed
            std::uint64_t newest = first + 200;
            while (compared.window.has_bitmap()) {
                // At each new word some are skipped at first.
                const std::uint64_t next = newest + (newest % 64 == 0 ? skipped : 0);
                REQUIRE(compared.offer(next));
                if (newest % 64 == 0) REQUIRE(compared.agree_around(next));
                for (; newest < next; ++newest) REQUIRE(compared.offer(newest));
                ++newest;
            }
        }
    }
}

TEST_CASE("the window judges packets of an ordinary way as the rule does") {
    int bitmaps = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        CAPTURE(seed);
        Way way(seed);
        Compared compared;
        bool had_bitmap = false;
        std::uint64_t newest = 0;
        for (int i = 0; i < 12000; ++i) {
            if (i % 4000 == 0) way.disturb();
            const std::uint64_t nonce = way.next();
            newest = std::max(newest, nonce);
            REQUIRE(compared.offer(nonce));
            const bool has = compared.window.has_bitmap();
            if (has == had_bitmap) continue;
            REQUIRE(compared.agree_around(newest));  // each time that it changes its form
            had_bitmap = has;
            ++bitmaps;
        }
        REQUIRE(compared.agree_around(newest));
    }
    CHECK(bitmaps > 100);
}

TEST_CASE("before the first packet nothing counts as seen, not even nonce 0") {
    ReplayWindow window;
    CHECK(window.check(NonceCounter{0}) == Verdict::Newest);
    CHECK(offer(window, 0) == Verdict::Newest);
    CHECK(offer(window, 0) == Verdict::Repeated);
    CHECK(offer(window, 1) == Verdict::Newest);
}

TEST_CASE("checking alone remembers nothing") {
    ReplayWindow window;
    window.accept(NonceCounter{100});
    for (int i = 0; i < 3; ++i) {
        CHECK(window.check(NonceCounter{200}) == Verdict::Newest);
        CHECK(window.check(NonceCounter{50}) == Verdict::Late);
    }
}

TEST_CASE("the window is 2048 nonces, the newest one included") {
    for (const std::uint64_t newest : {std::uint64_t{2048}, std::uint64_t{5000},
                                       std::uint64_t{1} << 48U, kHighest - 1, kHighest}) {
        CAPTURE(newest);
        ReplayWindow window;
        CHECK(offer(window, newest) == Verdict::Newest);
        CHECK(offer(window, newest - 2048) == Verdict::TooOld);
        CHECK(offer(window, newest - 2047) == Verdict::Late);
        CHECK(offer(window, newest - 2047) == Verdict::Repeated);
        CHECK(offer(window, newest - 2046) == Verdict::Late);
        CHECK(offer(window, newest) == Verdict::Repeated);
    }
}

TEST_CASE("a nonce is accepted once, however the window moved in between") {
    for (const std::uint64_t jump : {1U, 63U, 64U, 65U, 1984U, 2046U, 2047U}) {
        CAPTURE(jump);
        ReplayWindow window;
        CHECK(offer(window, 10000) == Verdict::Newest);
        CHECK(offer(window, 10000 + jump) == Verdict::Newest);
        CHECK(offer(window, 10000) == Verdict::Repeated);
        for (std::uint64_t nonce = 10001; nonce < 10000 + jump; ++nonce) {
            CHECK(offer(window, nonce) == Verdict::Late);
        }
    }
}

TEST_CASE("a jump forgets only what falls out of the window") {
    for (const std::uint64_t jump : {2048U, 2049U, 2111U, 2112U, 2113U, 4096U, 100000U}) {
        CAPTURE(jump);
        ReplayWindow window;
        for (std::uint64_t nonce = 0; nonce < 2112; ++nonce) offer(window, nonce);
        const std::uint64_t newest = 2111 + jump;
        CHECK(offer(window, newest) == Verdict::Newest);
        CHECK(offer(window, 2111) == Verdict::TooOld);
        for (std::uint64_t nonce = newest - 2047; nonce < newest; ++nonce) {
            CHECK(offer(window, nonce) == Verdict::Late);
        }
    }
}

TEST_CASE("nonces far below the newest do not wrap around") {
    ReplayWindow window;
    CHECK(offer(window, kHighest) == Verdict::Newest);
    CHECK(offer(window, 0) == Verdict::TooOld);
    CHECK(offer(window, kHighest - 2048) == Verdict::TooOld);
    ReplayWindow low;
    CHECK(offer(low, 5) == Verdict::Newest);
    CHECK(offer(low, 0) == Verdict::Late);
    CHECK(offer(low, kHighest) == Verdict::Newest);
    CHECK(offer(low, 6) == Verdict::TooOld);
}

TEST_CASE("the window judges random sequences as the rule does") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        ReplayWindow window;
        Model model;
        std::uint64_t newest = random() >> (random() % 64);
        for (int i = 0; i < 4000; ++i) {
            const std::uint64_t nonce = next_nonce(random, newest);
            const Verdict expected = model.check(nonce);
            REQUIRE(window.check(NonceCounter{nonce}) == expected);
            if (expected != Verdict::Newest && expected != Verdict::Late) continue;
            if (random() % 4 == 0) continue;  // a forged packet
            window.accept(NonceCounter{nonce});
            model.accept(nonce);
            newest = std::max(newest, nonce);
        }
    }
}

TEST_CASE("a window goes on elsewhere as it would have here") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        ReplayWindow window;
        std::uint64_t newest = random() >> (random() % 64);
        for (std::uint64_t i = random() % 3000; i > 0; --i) {
            const std::uint64_t nonce = next_nonce(random, newest);
            offer(window, nonce);
            newest = std::max(newest, nonce);
        }
        std::array<std::uint8_t, 512> room{};
        StateWriter writer{MutableBytes(room)};
        window.save(writer);
        StateReader reader(Bytes(room).first(writer.size()));
        ReplayWindow successor = ReplayWindow::load(reader);
        reader.finish();
        for (int i = 0; i < 3000; ++i) {
            const std::uint64_t nonce = next_nonce(random, newest);
            REQUIRE(offer(successor, nonce) == offer(window, nonce));
            newest = std::max(newest, nonce);
        }
    }
}

TEST_CASE("a window that cannot be is refused") {
    std::array<std::uint8_t, 512> room{};
    StateWriter writer{MutableBytes(room)};
    writer.put_number(5);
    writer.put_number(0);
    SUBCASE("solid from above the newest") {
        writer.put_number(6);
    }
    SUBCASE("nothing seen, but much") {
        writer.put_number(0);
        writer.put_number(1);
    }
    StateReader reader{Bytes(room)};
    CHECK_THROWS_AS(static_cast<void>(ReplayWindow::load(reader)), BadState);
}
