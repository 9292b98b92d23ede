// One line from somebody who may send it slowly, never, or without an end.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace curvecp {

class LineInput {
  public:
    // Ours, because no command and no list of events is longer.
    static constexpr std::size_t kLongest = 1024;

    enum class State {
        Waiting,  // for more of the line
        Line,     // line() is whole; what came behind it is dropped
        End,      // no more will come; line() is what there was
        TooLong,
    };
    // Reads what there is from a non-blocking descriptor.
    [[nodiscard]] State read(int fd) noexcept;
    // Without the end of the line.
    [[nodiscard]] std::string_view line() const noexcept { return {bytes_.data(), size_}; }

  private:
    std::array<char, kLongest + 1> bytes_{};
    std::size_t size_ = 0;
};

}  // namespace curvecp
