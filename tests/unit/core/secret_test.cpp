#include "curvecp/core/secret.hpp"

#include "curvecp/core/keys.hpp"

#include <cstring>
#include <vector>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

using Sample = Secret<struct SampleTag, 32>;

static_assert(!std::is_copy_constructible_v<Sample> && !std::is_copy_assignable_v<Sample>,
              "a secret is in one place");
static_assert(!std::equality_comparable<Sample>, "secrets are compared in constant time only");

std::array<std::uint8_t, 32> sample_bytes() {
    std::array<std::uint8_t, 32> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i + 1);
    return bytes;
}

// The memory that an object lies in, also before and after its life.
template <class T>
class Storage {
  public:
    Storage() { bytes_.fill(0xee); }
    template <class... Arguments>
    T& make(Arguments&&... arguments) {
        return *new (bytes_.data()) T(std::forward<Arguments>(arguments)...);
    }
    [[nodiscard]] bool is_zero() const {
        // Read as volatile: to the compiler a dead object has no bytes.
        const volatile std::uint8_t* const bytes = bytes_.data();
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            if (bytes[i] != 0) return false;
        }
        return true;
    }

  private:
    alignas(T) std::array<std::uint8_t, sizeof(T)> bytes_{};
};

// Says when it is destroyed.
class Mortal {
  public:
    explicit Mortal(int& deaths) : deaths_(&deaths) {}
    Mortal(Mortal&& other) noexcept : deaths_(std::exchange(other.deaths_, nullptr)) {}
    Mortal(const Mortal&) = delete;
    Mortal& operator=(const Mortal&) = delete;
    ~Mortal() {
        if (deaths_ != nullptr) ++*deaths_;
    }

  private:
    int* deaths_;
};

}  // namespace

TEST_CASE("wipe() overwrites all bytes") {
    auto bytes = sample_bytes();
    wipe(bytes);
    CHECK(bytes == std::array<std::uint8_t, 32>{});
    wipe({});
}

TEST_CASE("a secret is wiped when it dies") {
    Storage<Sample> storage;
    Sample& secret = storage.make(sample_bytes());
    CHECK_FALSE(storage.is_zero());
    std::destroy_at(&secret);
    CHECK(storage.is_zero());
}

TEST_CASE("a secret is wiped when it is moved from, and keeps its value in the new place") {
    SUBCASE("by construction") {
        Storage<Sample> storage;
        Sample& secret = storage.make(sample_bytes());
        const Sample other(std::move(secret));
        CHECK(storage.is_zero());
        CHECK(equal_in_constant_time(other.reveal(), sample_bytes()));
        std::destroy_at(&secret);
    }
    SUBCASE("by assignment") {
        Storage<Sample> storage;
        Sample& secret = storage.make(sample_bytes());
        Sample other;
        other = std::move(secret);
        CHECK(storage.is_zero());
        CHECK(equal_in_constant_time(other.reveal(), sample_bytes()));
        std::destroy_at(&secret);
    }
}

TEST_CASE("a secret that is moved to itself keeps its value") {
    Sample secret(sample_bytes());
    Sample& same = secret;
    secret = std::move(same);
    CHECK(equal_in_constant_time(secret.reveal(), sample_bytes()));
}

TEST_CASE("what is to be wiped is, when it dies and when it is moved from") {
    using Name = ByteString<struct NameTag, 32>;
    const Name name{sample_bytes()};
    Storage<Wiped<Name>> storage;
    Wiped<Name>& wiped = storage.make(name);
    CHECK(*wiped == name);
    SUBCASE("it dies") {
        std::destroy_at(&wiped);
        CHECK(storage.is_zero());
        return;
    }
    SUBCASE("it is copied") {
        const Wiped<Name> other = wiped;
        CHECK(*other == name);
        CHECK(*wiped == name);
    }
    SUBCASE("it is moved by construction") {
        const Wiped<Name> other(std::move(wiped));
        CHECK(*other == name);
        CHECK(storage.is_zero());
    }
    SUBCASE("it is moved by assignment") {
        Wiped<Name> other;
        other = std::move(wiped);
        CHECK(*other == name);
        CHECK(storage.is_zero());
    }
    SUBCASE("it is moved to itself") {
        Wiped<Name>& same = wiped;
        wiped = std::move(same);
        CHECK(*wiped == name);
    }
    std::destroy_at(&wiped);
}

TEST_CASE("the secret key of a pair dies with it") {
    Storage<KeyPair> storage;
    KeyPair& pair = storage.make(make_key_pair());
    pair.public_key = PublicKey();  // public: nothing wipes it
    CHECK_FALSE(storage.is_zero());
    std::destroy_at(&pair);
    CHECK(storage.is_zero());
}

TEST_CASE("values are equal in constant time where every byte and the length are") {
    const auto bytes = sample_bytes();
    CHECK(equal_in_constant_time(bytes, sample_bytes()));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto other = bytes;
        other[i] ^= 1;
        CHECK_FALSE(equal_in_constant_time(bytes, other));
    }
    CHECK_FALSE(equal_in_constant_time(bytes, Bytes(bytes).first(31)));
}

TEST_CASE("locked memory can be used to its last byte") {
    for (const std::size_t size : {1U, 32U, 4096U, 100000U}) {
        const LockedMemory memory(size);
        std::memset(memory.data(), 0x5a, size);
        CHECK(static_cast<const std::uint8_t*>(memory.data())[size - 1] == 0x5a);
    }
}

TEST_CASE("small pieces of locked memory lie side by side, each in a place of its own") {
    constexpr std::size_t kSize = 64;
    std::vector<LockedMemory> pieces;
    for (std::uint8_t i = 0; i < 100; ++i) {
        std::memset(pieces.emplace_back(kSize).data(), i, kSize);
    }
    for (std::uint8_t i = 0; i < 100; ++i) {
        const auto* const bytes = static_cast<const std::uint8_t*>(pieces[i].data());
        CHECK(std::all_of(bytes, bytes + kSize, [i](std::uint8_t byte) { return byte == i; }));
        CHECK(pieces[i].locked() == pieces[0].locked());
    }
    const auto* const first = static_cast<const std::uint8_t*>(pieces[98].data());
    CHECK(static_cast<const std::uint8_t*>(pieces[99].data()) == first + kSize);
}

TEST_CASE("the place of a small piece of locked memory is wiped, and given back, when it dies") {
    const LockedMemory neighbour(1);  // whatever comes next stays mapped
    auto piece = std::make_unique<LockedMemory>(64);
    auto* const place = static_cast<std::uint8_t*>(piece->data());
    std::memset(place, 0x5a, 64);
    auto moved = std::make_unique<LockedMemory>(std::move(*piece));
    piece.reset();
    CHECK(place[63] == 0x5a);
    moved.reset();
    CHECK(std::all_of(place, place + 64, [](std::uint8_t byte) { return byte == 0; }));
    CHECK(LockedMemory(32).data() == place);
}

TEST_CASE("more locked memory than there is throws") {
    CHECK_THROWS_AS(LockedMemory(SIZE_MAX / 2), std::bad_alloc);
}

TEST_CASE("a value in locked memory dies once, with its last owner") {
    int deaths = 0;
    {
        Locked<Mortal> locked{Mortal(deaths)};
        const Locked<Mortal> other = std::move(locked);
        CHECK(deaths == 0);
    }
    CHECK(deaths == 1);
}

TEST_CASE("a value keeps its place in locked memory when its owner moves") {
    Locked<Sample> locked{Sample(sample_bytes())};
    const std::uint8_t* const place = locked->reveal().data();
    const Locked<Sample> other = std::move(locked);
    CHECK(other->reveal().data() == place);
    CHECK(equal_in_constant_time(other->reveal(), sample_bytes()));
}
