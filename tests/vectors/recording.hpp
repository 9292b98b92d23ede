// The recorded connections, and what every test of them needs.
#pragma once

#include "curvecp/core/connection.hpp"
#include "curvecp/core/packet.hpp"
#include "tests/support/vectors.hpp"

#include <doctest/doctest.h>

namespace curvecp::testing {

inline constexpr std::array kRecordings{"reference.txt", "reference_extension.txt"};

// Runs a test on each recording.
template <class Test>
void for_each_recording(const Test& test) {
    for (const std::string name : kRecordings) {
        CAPTURE(name);
        test(Vectors::load(std::string(VECTORS_DIRECTORY) + '/' + name));
    }
}

// A packet of its own, to be opened in its place and damaged.
inline std::vector<std::uint8_t> copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

inline bool same(Bytes a, Bytes b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

inline SharedKey shared_key(const Vectors& vectors, std::string_view theirs,
                            std::string_view ours) {
    auto key = make_shared_key(vectors.as<PublicKey>(theirs), vectors.as<SecretKey>(ours));
    REQUIRE(key.has_value());
    return std::move(*key);
}

inline SharedKey client_short_server_short(const Vectors& vectors) {
    return shared_key(vectors, "client_short_term_public", "server_short_term_secret");
}

inline SharedKey client_short_server_long(const Vectors& vectors) {
    return shared_key(vectors, "client_short_term_public", "server_long_term_secret");
}

inline SharedKey client_long_server_long(const Vectors& vectors) {
    return shared_key(vectors, "client_long_term_public", "server_long_term_secret");
}

inline NonceCounter counter_of(const Vectors& vectors, const std::string& packet) {
    return NonceCounter::load(vectors.fixed<24>(packet + ".nonce").last<8>());
}

}  // namespace curvecp::testing
