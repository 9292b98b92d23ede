// The signals that this process catches: a child must not, as long as it has its parent's memory.
// As process-wide as they are; SignalWatcher keeps it.
#pragma once

#include <csignal>

namespace curvecp {

[[nodiscard]] inline sigset_t& caught_signals() noexcept {
    static sigset_t signals{};  // none
    return signals;
}

}  // namespace curvecp
