#include "daemon/waiting_strangers.hpp"

namespace curvecp::daemon {

bool WaitingStrangers::is_stranger(Bytes datagram) noexcept {
    switch (precedence_of(datagram)) {
        case Precedence::Connected:
            return false;
        case Precedence::Initiating:
            return datagram.size() <= Initiate::kMaxSize;
        case Precedence::Stranger:
            return datagram.size() == Hello::kSize;
    }
    return false;
}

bool WaitingStrangers::add(const Path& path, Bytes datagram) noexcept {
    const bool initiate = precedence_of(datagram) == Precedence::Initiating;
    return (initiate ? initiates_ : hellos_).push(path, datagram);
}

std::optional<DatagramQueue::Waiting> WaitingStrangers::next(bool hellos) noexcept {
    if (!hellos) return initiates_.pop();
    hello_was_last_ = !hello_was_last_;
    DatagramQueue& first = hello_was_last_ ? hellos_ : initiates_;
    DatagramQueue& second = hello_was_last_ ? initiates_ : hellos_;
    if (const auto waiting = first.pop()) return waiting;
    return second.pop();
}

}  // namespace curvecp::daemon
