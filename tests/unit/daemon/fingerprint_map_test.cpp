#include "daemon/fingerprint_map.hpp"

#include <map>
#include <random>

#include <doctest/doctest.h>

using namespace curvecp::daemon;

namespace {

auto is(std::uint32_t wanted) {
    return [wanted](std::uint32_t value) { return value == wanted; };
}

}  // namespace

TEST_CASE("a map without anything finds nothing") {
    FingerprintMap<std::uint32_t> map;
    CHECK(map.find(0, is(0)) == nullptr);
    CHECK_FALSE(map.contains(7));
    map.erase(7, is(0));
    CHECK(map.size() == 0);
}

TEST_CASE("things with the same fingerprint are told apart by what they are") {
    FingerprintMap<std::uint32_t> map;
    for (const std::uint64_t same : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}}) {
        for (std::uint32_t value = 1; value <= 3; ++value) map.insert(same, value);
        const auto finds = [&](std::uint32_t value) {
            const std::uint32_t* const found = map.find(same, is(value));
            return found != nullptr && *found == value;
        };
        CHECK(finds(1));
        CHECK(finds(2));
        CHECK(finds(3));
        CHECK(map.find(same, is(4)) == nullptr);
        map.erase(same, is(2));
        CHECK(finds(1));
        CHECK(map.find(same, is(2)) == nullptr);
        CHECK(finds(3));
        map.clear();
        CHECK(map.size() == 0);
        CHECK_FALSE(map.contains(same));
    }
}

TEST_CASE("a fingerprint is found by all of its 64 bits") {
    FingerprintMap<std::uint32_t> map;
    map.insert(std::uint64_t{7} << 32U | 3U, 1);
    CHECK_FALSE(map.contains(3));
    CHECK_FALSE(map.contains(std::uint64_t{7} << 32U));
    CHECK(map.contains(std::uint64_t{7} << 32U | 3U));
}

TEST_CASE("the map does what a multimap does, however crowded its places are") {
    for (std::uint32_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        FingerprintMap<std::uint32_t> map;
        std::multimap<std::uint64_t, std::uint32_t> model;
        const std::uint64_t many = seed % 3 == 0 ? 8 : 1000;  // of few fingerprints, or of many
        for (std::uint32_t i = 0; i < 3000; ++i) {
            // Few homes: the low bits are alike.
            const std::uint64_t fingerprint =
                ((random() % many) << (seed % 40) | (random() % 2)) + 2;
            const bool more = model.size() < 10 || (model.size() < 400 && random() % 2 == 0);
            if (more) {
                map.insert(fingerprint, i);
                model.emplace(fingerprint, i);
            } else {
                const auto at = model.lower_bound(fingerprint);
                const auto gone = at == model.end() ? model.begin() : at;
                map.erase(gone->first, is(gone->second));
                model.erase(gone);
            }
            REQUIRE(map.size() == model.size());
            REQUIRE(map.contains(fingerprint) == (model.count(fingerprint) != 0));
            if (i % 50 != 0) continue;
            for (const auto& [print, value] : model) {
                const std::uint32_t* const found = map.find(print, is(value));
                REQUIRE(found != nullptr);
            }
            std::size_t visited = 0;
            map.visit_all([&](std::uint32_t /*value*/) { ++visited; });
            REQUIRE(visited == model.size());
        }
    }
}
