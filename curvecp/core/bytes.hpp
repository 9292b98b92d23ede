// Byte spans and fixed-size public byte strings.
//
// A span of fixed extent says that its length has been checked; a ByteString<Tag, N> also says
// what the bytes mean, so that a public key cannot be passed where an extension is wanted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace curvecp {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
template <std::size_t N>
using FixedBytes = std::span<const std::uint8_t, N>;
template <std::size_t N>
using MutableFixedBytes = std::span<std::uint8_t, N>;

// A public value of N bytes; zeros where nothing was given. Secrets are Secret<Tag, N>.
template <class Tag, std::size_t N>
class ByteString {
  public:
    static constexpr std::size_t kSize = N;

    constexpr ByteString() = default;
    constexpr explicit ByteString(FixedBytes<N> bytes) {
        std::copy(bytes.begin(), bytes.end(), bytes_.begin());
    }

    [[nodiscard]] constexpr FixedBytes<N> bytes() const noexcept { return FixedBytes<N>(bytes_); }
    [[nodiscard]] constexpr MutableFixedBytes<N> bytes() noexcept {
        return MutableFixedBytes<N>(bytes_);
    }

    friend constexpr bool operator==(const ByteString&, const ByteString&) noexcept = default;

  private:
    std::array<std::uint8_t, N> bytes_{};
};

// Copies between spans of the same fixed extent.
template <std::size_t N>
constexpr void copy(std::type_identity_t<FixedBytes<N>> from, MutableFixedBytes<N> to) noexcept {
    std::copy(from.begin(), from.end(), to.begin());
}

}  // namespace curvecp
