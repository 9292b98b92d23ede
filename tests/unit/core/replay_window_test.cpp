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

}  // namespace

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
