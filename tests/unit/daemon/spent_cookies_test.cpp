#include "daemon/spent_cookies.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

PublicKey numbered_key(std::uint8_t byte) {
    PublicKey key;
    key.bytes()[31] = byte;
    return key;
}

}  // namespace

TEST_CASE("a cookie is remembered until its minute key is gone") {
    SpentCookies spent;
    spent.expire({4});
    spent.insert(numbered_key(1), {4});
    spent.insert(numbered_key(2), {5});
    spent.expire({4});
    CHECK(spent.contains(numbered_key(1)));
    CHECK(spent.contains(numbered_key(2)));
    CHECK_FALSE(spent.contains(numbered_key(3)));
    spent.expire({5});
    CHECK_FALSE(spent.contains(numbered_key(1)));
    CHECK(spent.contains(numbered_key(2)));
    spent.insert(numbered_key(3), {6});
    spent.expire({6});
    CHECK_FALSE(spent.contains(numbered_key(2)));
    CHECK(spent.contains(numbered_key(3)));
}

TEST_CASE("all is forgotten after a long sleep, and then remembered as ever") {
    SpentCookies spent;
    spent.insert(numbered_key(1), {0});
    spent.insert(numbered_key(2), {1});
    spent.expire({1001});
    CHECK_FALSE(spent.contains(numbered_key(1)));
    CHECK_FALSE(spent.contains(numbered_key(2)));
    spent.insert(numbered_key(3), {1001});
    CHECK(spent.contains(numbered_key(3)));
    spent.expire({1002});
    CHECK_FALSE(spent.contains(numbered_key(3)));
}

TEST_CASE("a full memory says so and forgets nobody") {
    SpentCookies spent(2);
    spent.insert(numbered_key(1), {0});
    CHECK_FALSE(spent.full({0}));
    spent.insert(numbered_key(2), {0});
    CHECK(spent.full({0}));
    CHECK_FALSE(spent.full({1}));
    CHECK(spent.contains(numbered_key(1)));
    spent.expire({1});
    CHECK_FALSE(spent.full({2}));
}
