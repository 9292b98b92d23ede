#include "curvecp/core/cookie.hpp"

#include "curvecp/core/random.hpp"
#include "tests/support/own_memory.hpp"
#include "tests/support/seeded_random.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kJarStart{1000s};
using SealedBytes = std::array<std::uint8_t, SealedCookie::kSize>;

SealedBytes sealed_by(const CookieJar& jar) {
    SealedBytes cookie{};
    const KeyPair pair = make_key_pair();
    LongTermNonce nonce;
    fill_random(nonce.bytes());
    jar.seal(cookie, pair.public_key, pair.secret_key, nonce);
    return cookie;
}

// A jar whose keys change on time, as a server's do that looks at the clock before it acts.
bool is_alive(CookieJar& jar, const SealedBytes& cookie, TimePoint now) {
    jar.rotate(now);
    return jar.open(cookie).has_value();
}

std::array<std::uint8_t, kKeySize> filled_with(std::uint8_t byte) {
    std::array<std::uint8_t, kKeySize> key{};
    key.fill(byte);
    return key;
}

}  // namespace

TEST_CASE("a cookie gives back what was put in") {
    const CookieJar jar(kJarStart);
    const KeyPair client = make_key_pair();
    const KeyPair server = make_key_pair();
    LongTermNonce nonce;
    fill_random(nonce.bytes());
    SealedBytes cookie{};
    jar.seal(cookie, client.public_key, server.secret_key, nonce);
    CHECK(std::equal(nonce.bytes().begin(), nonce.bytes().end(), cookie.begin()));
    const auto contents = jar.open(cookie);
    REQUIRE(contents);
    CHECK(contents->client_short_term == client.public_key);
    CHECK(equal_in_constant_time(contents->server_short_term.reveal(), server.secret_key.reveal()));
}

TEST_CASE("a cookie lives 60 to 120 seconds, by when in its minute it was made") {
    for (int age_of_key = 0; age_of_key < 60; age_of_key += 7) {
        CAPTURE(age_of_key);
        CookieJar jar(kJarStart);
        const TimePoint made = kJarStart + std::chrono::seconds(age_of_key);
        jar.rotate(made);
        const SealedBytes cookie = sealed_by(jar);
        CHECK(is_alive(jar, cookie, made + 60s));
        CHECK(is_alive(jar, cookie, kJarStart + 120s - 1ns));
        CHECK_FALSE(is_alive(jar, cookie, kJarStart + 120s));
        CHECK_FALSE(is_alive(jar, cookie, made + 121s));
    }
}

TEST_CASE("keys change every 60 seconds, no sooner") {
    CookieJar jar(kJarStart);
    TimePoint now = kJarStart;
    for (int minute = 0; minute < 10; ++minute) {
        CHECK(jar.next_rotation() == now + 60s);
        const MinuteKeyId oldest = jar.oldest();
        jar.rotate(now + 60s - 1ns);
        CHECK(jar.oldest() == oldest);
        now += 60s;
        jar.rotate(now);
        CHECK(jar.oldest() == MinuteKeyId{oldest.value + 1});
    }
}

TEST_CASE("however late the keys change, no cookie opens after 120 seconds") {
    for (const auto late : {61s, 119s, 120s, 121s, 179s, 180s, 181s, 1000s, 1000000s}) {
        CAPTURE(late.count());
        CookieJar jar(kJarStart);
        const SealedBytes cookie = sealed_by(jar);
        CHECK(is_alive(jar, cookie, kJarStart + late) == (late < 120s));
        CHECK(jar.next_rotation() > kJarStart + late);
        CHECK(jar.next_rotation() <= kJarStart + late + 60s);
        // From then on all is as usual.
        const TimePoint made = jar.next_rotation() - 1ns;
        jar.rotate(made);
        const SealedBytes fresh = sealed_by(jar);
        CHECK(is_alive(jar, fresh, made + 60s));
        CHECK_FALSE(is_alive(jar, fresh, made + 120s));
    }
}

TEST_CASE("a cookie names the minute key that opened it") {
    CookieJar jar(kJarStart);
    const SealedBytes first = sealed_by(jar);
    const MinuteKeyId first_key = jar.open(first)->minute_key;
    CHECK(jar.oldest() < first_key);
    jar.rotate(kJarStart + 60s);
    const SealedBytes second = sealed_by(jar);
    CHECK(jar.open(first)->minute_key == first_key);
    CHECK(jar.open(second)->minute_key > first_key);
    CHECK(jar.oldest() == first_key);
}

TEST_CASE("a cookie with any bit changed does not open") {
    const CookieJar jar(kJarStart);
    const SealedBytes cookie = sealed_by(jar);
    for (std::size_t bit = 0; bit < 8 * cookie.size(); ++bit) {
        SealedBytes forged = cookie;
        forged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        CHECK_FALSE(jar.open(forged));
    }
}

TEST_CASE("another server's cookie does not open") {
    const CookieJar jar(kJarStart);
    CHECK_FALSE(jar.open(sealed_by(CookieJar(kJarStart))));
}

TEST_CASE("a minute key is wiped when no cookie needs it any more") {
    testing::SeededRandom random(1);
    for (std::uint8_t byte = 0x51; byte <= 0x54; ++byte) random.script(filled_with(byte));
    const auto is_there = [](std::uint8_t byte) {
        return testing::is_in_undumped_memory(filled_with(byte));
    };
    CookieJar jar(kJarStart);
    CHECK(is_there(0x51));
    CHECK(is_there(0x52));
    jar.rotate(kJarStart + kMinute);
    CHECK_FALSE(is_there(0x51));
    CHECK(is_there(0x52));
    CHECK(is_there(0x53));
    jar.rotate(kJarStart + 2 * kMinute);
    CHECK_FALSE(is_there(0x52));
    CHECK(is_there(0x53));
    CHECK(is_there(0x54));
    jar.rotate(kJarStart + std::chrono::hours(1));
    CHECK_FALSE(is_there(0x53));
    CHECK_FALSE(is_there(0x54));
}
