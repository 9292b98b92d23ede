// A cookie opens to what was sealed, for one to two minutes; a damaged or late one does not open.
#include "curvecp/core/cookie.hpp"
#include "curvecp/core/random.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/seeded_random.hpp"

namespace curvecp::fuzz {
namespace {

using namespace std::chrono_literals;

using Sealed = std::array<std::uint8_t, SealedCookie::kSize>;

Sealed seal(const CookieJar& jar, const PublicKey& client, const SecretKey& server) {
    std::array<std::uint8_t, LongTermNonce::kSize> nonce{};
    fill_random(nonce);
    Sealed cookie{};
    jar.seal(cookie, client, server, LongTermNonce(nonce));
    return cookie;
}

void bake(Input input) {
    const testing::SeededRandom random(1);
    TimePoint now{1000s};
    CookieJar jar(now);
    const TimePoint sealed_at = now += std::chrono::milliseconds(input.word());
    jar.rotate(now);
    const KeyPair client = make_key_pair();
    const Sealed cookie = seal(jar, client.public_key, client.secret_key);
    while (!input.empty()) {
        now += std::chrono::milliseconds(input.word());
        jar.rotate(now);
        require(jar.next_rotation() > now, "the next change of keys is to come");
        Buffer copy(cookie.begin(), cookie.end());
        damage(input, copy);
        copy.resize(cookie.size());
        const bool intact = std::equal(copy.begin(), copy.end(), cookie.begin());
        const auto opened = jar.open(MutableBytes(copy).first<SealedCookie::kSize>());
        require(intact || !opened, "a damaged cookie does not open");
        require(now - sealed_at < 2 * kMinute || !opened, "an old cookie does not open");
        require(!intact || now - sealed_at >= kMinute || opened, "a fresh cookie opens");
        if (!opened) continue;
        require(opened->client_short_term == client.public_key, "the client's key");
        require(
            equal_in_constant_time(opened->server_short_term.reveal(), client.secret_key.reveal()),
            "the server's key");
        require(opened->minute_key >= jar.oldest(), "its minute key is alive");
    }
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool started = curvecp::start_cryptography();
    curvecp::fuzz::require(started, "libsodium starts");
    curvecp::fuzz::bake(curvecp::fuzz::Input({data, size}));
    return 0;
}
