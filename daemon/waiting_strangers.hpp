// Where Hellos and Initiates wait until all who are connected have been heard. They cost the server
// more than anything else that can be sent to it, and anybody can send them: what finds no room
// here is dropped, so that a flood of strangers is at the strangers' cost alone.
#pragma once

#include "curvecp/core/packet.hpp"
#include "daemon/datagram_queue.hpp"

namespace curvecp::daemon {

class WaitingStrangers {
  public:
    // Ours, because more than that would wait for more than about a tenth of a second, and less
    // would not hold the clients that a service may have at once.
    static constexpr std::size_t kMostHellos = 1024;
    static constexpr std::size_t kMostInitiates = 512;

    // Whether a datagram has to wait: a Hello or an Initiate, by magic and length.
    [[nodiscard]] static bool is_stranger(Bytes datagram) noexcept;
    // Takes a copy of one that has to. False where there is no room.
    [[nodiscard]] bool add(const Path& path, Bytes datagram) noexcept;
    // An Initiate and a Hello by turns, each kind in the order of its coming, so that a flood of
    // one kind leaves room for the other. Without `hellos` these wait on. The bytes live until the
    // next add().
    [[nodiscard]] std::optional<DatagramQueue::Waiting> next(bool hellos = true) noexcept;
    [[nodiscard]] bool empty() const noexcept { return hellos_.empty() && initiates_.empty(); }

  private:
    DatagramQueue hellos_{kMostHellos, Hello::kSize};
    DatagramQueue initiates_{kMostInitiates, Initiate::kMaxSize};
    bool hello_was_last_ = false;
};

}  // namespace curvecp::daemon
