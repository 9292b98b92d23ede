#include "curvecp/core/nonce.hpp"

#include "curvecp/core/random.hpp"

#include <limits>
#include <string_view>

namespace curvecp {
namespace {

// Specification: sixteen characters in front of a counter, eight in front of a long-term nonce.
constexpr std::string_view prefix_of(CountedBox box) noexcept {
    switch (box) {
        case CountedBox::Hello:
            return "CurveCP-client-H";
        case CountedBox::Initiate:
            return "CurveCP-client-I";
        case CountedBox::ClientMessage:
            return "CurveCP-client-M";
        case CountedBox::ServerMessage:
            return "CurveCP-server-M";
    }
    return {};
}

constexpr std::string_view prefix_of(LongTermBox box) noexcept {
    switch (box) {
        case LongTermBox::Cookie:
            return "CurveCPK";
        case LongTermBox::Vouch:
            return "CurveCPV";
        case LongTermBox::MinuteCookie:
            return "minute-k";
    }
    return {};
}

template <std::size_t PrefixSize>
Nonce with_prefix(std::string_view prefix) noexcept {
    Nonce nonce;
    std::copy_n(prefix.begin(), PrefixSize, nonce.bytes().begin());
    return nonce;
}

}  // namespace

Nonce make_nonce(CountedBox box, NonceCounter counter) noexcept {
    Nonce nonce = with_prefix<16>(prefix_of(box));
    counter.store(nonce.bytes().last<8>());
    return nonce;
}

Nonce make_nonce(LongTermBox box, const LongTermNonce& rest) noexcept {
    Nonce nonce = with_prefix<8>(prefix_of(box));
    copy(rest.bytes(), nonce.bytes().last<16>());
    return nonce;
}

NonceSequence NonceSequence::random() noexcept {
    constexpr unsigned kUnusedBits = 16;
    return NonceSequence(NonceCounter{random_u64() >> kUnusedBits});
}

std::optional<NonceCounter> NonceSequence::next() noexcept {
    if (next_ == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return NonceCounter{next_++};
}

}  // namespace curvecp
