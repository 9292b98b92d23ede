#include "curvecp/core/box.hpp"

#include <numeric>
#include <vector>

#include <doctest/doctest.h>
#include <sodium.h>

using namespace curvecp;

namespace {

const Nonce kNonce = make_nonce(CountedBox::ServerMessage, NonceCounter{77});

SharedKey shared_key() {
    SharedKey key;
    const auto bytes = key.reveal();
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{1});
    return key;
}

std::vector<std::uint8_t> plaintext_of(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    std::iota(bytes.begin(), bytes.end(), std::uint8_t{9});
    return bytes;
}

std::vector<std::uint8_t> sealed(const std::vector<std::uint8_t>& plaintext) {
    std::vector<std::uint8_t> box(plaintext.size() + kBoxOverhead);
    seal(box, plaintext, kNonce, shared_key());
    return box;
}

}  // namespace

TEST_CASE("a box is what libsodium's crypto_box makes: the tag, then the ciphertext") {
    for (const std::size_t size : {0U, 1U, 16U, 63U, 64U, 65U, 1088U}) {
        const auto plaintext = plaintext_of(size);
        std::vector<std::uint8_t> expected(size + crypto_box_MACBYTES);
        REQUIRE(crypto_box_easy_afternm(expected.data(), plaintext.data(), size,
                                        kNonce.bytes().data(), shared_key().reveal().data()) == 0);
        CHECK(sealed(plaintext) == expected);
    }
}

TEST_CASE("a box under a minute key is what libsodium's crypto_secretbox makes") {
    const MinuteKey key(shared_key().reveal());
    const auto plaintext = plaintext_of(64);
    std::vector<std::uint8_t> expected(64 + crypto_secretbox_MACBYTES);
    REQUIRE(crypto_secretbox_easy(expected.data(), plaintext.data(), 64, kNonce.bytes().data(),
                                  key.reveal().data()) == 0);
    std::vector<std::uint8_t> box(64 + kBoxOverhead);
    seal(box, plaintext, kNonce, key);
    CHECK(box == expected);
    std::vector<std::uint8_t> opened(64);
    CHECK(open(opened, box, kNonce, key));
    CHECK(opened == plaintext);
    box[20] ^= 1;
    CHECK_FALSE(open(opened, box, kNonce, key));
}

TEST_CASE("sealing in place gives the same box as sealing apart") {
    const auto plaintext = plaintext_of(1088);
    std::vector<std::uint8_t> box(1088 + kBoxOverhead);
    std::copy(plaintext.begin(), plaintext.end(), box.begin() + kBoxOverhead);
    seal(box, Bytes(box).subspan(kBoxOverhead), kNonce, shared_key());
    CHECK(box == sealed(plaintext));
}

TEST_CASE("a box opens apart and in its place") {
    for (const std::size_t size : {0U, 1U, 16U, 640U, 1088U}) {
        const auto plaintext = plaintext_of(size);
        auto box = sealed(plaintext);
        std::vector<std::uint8_t> apart(size);
        CHECK(open(apart, box, kNonce, shared_key()));
        CHECK(apart == plaintext);

        const auto opened = open_in_place(box, kNonce, shared_key());
        REQUIRE(opened);
        CHECK(opened->data() == box.data() + kBoxOverhead);
        CHECK(std::equal(opened->begin(), opened->end(), plaintext.begin(), plaintext.end()));
    }
}

TEST_CASE("a box with any bit changed does not open, and nothing is written") {
    const auto box = sealed(plaintext_of(48));
    for (std::size_t bit = 0; bit < 8 * box.size(); ++bit) {
        auto forged = box;
        forged[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        std::vector<std::uint8_t> untouched(48, 0xaa);
        CHECK_FALSE(open(untouched, forged, kNonce, shared_key()));
        CHECK(untouched == std::vector<std::uint8_t>(48, 0xaa));
        const auto before = forged;
        CHECK_FALSE(open_in_place(forged, kNonce, shared_key()));
        CHECK(forged == before);
    }
}

TEST_CASE("a box opens under its own nonce and key only") {
    const auto box = sealed(plaintext_of(32));
    std::vector<std::uint8_t> plaintext(32);
    for (std::size_t i = 0; i < Nonce::kSize; ++i) {
        Nonce other = kNonce;
        other.bytes()[i] ^= 1;
        CHECK_FALSE(open(plaintext, box, other, shared_key()));
    }
    for (std::size_t i = 0; i < kKeySize; ++i) {
        SharedKey other = shared_key();
        other.reveal()[i] ^= 1;
        CHECK_FALSE(open(plaintext, box, kNonce, other));
    }
}

TEST_CASE("a box shorter than its tag does not open") {
    auto box = sealed(plaintext_of(16));
    for (std::size_t size = 0; size < kBoxOverhead; ++size) {
        CHECK_FALSE(open_in_place(MutableBytes(box).first(size), kNonce, shared_key()));
    }
}
