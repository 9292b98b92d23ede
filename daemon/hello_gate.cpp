#include "daemon/hello_gate.hpp"

#include <algorithm>

namespace curvecp::daemon {

std::optional<unsigned> HelloGate::judge(TimePoint now) noexcept {
    if (now - judged_ < kPeriod) return std::nullopt;
    const unsigned before = shift_;
    if (crowded_ == 0 && shift_ > 0) --shift_;
    std::uint64_t excess = crowded_ / std::max<std::uint64_t>(waited_, 1);
    for (; excess > 0 && shift_ < kMostShift; excess /= 2) ++shift_;
    judged_ = now;
    waited_ = crowded_ = 0;
    return shift_ == before ? std::nullopt : std::optional(shift_);
}

}  // namespace curvecp::daemon
