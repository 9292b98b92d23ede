// What ends a program at its start: thrown there only, caught in main() and turned into one line
// on stderr and an exit code. Nothing that a peer sends may throw.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>

namespace curvecp {

inline constexpr int kExitUsage = 100;    // specification: wrong usage only
inline constexpr int kExitFailure = 111;  // specification: everything else

// A command line that cannot be meant; exit code kExitUsage.
class UsageError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The machine does not give what is needed; exit code kExitFailure.
class StartError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
    // "what: No such file or directory" for an errno value.
    StartError(const std::string& what, int error)
        : std::runtime_error(what + ": " + std::strerror(error)), error_(error) {}

    // That value; 0 where there is none.
    [[nodiscard]] int error() const noexcept { return error_; }

  private:
    int error_ = 0;
};

}  // namespace curvecp
