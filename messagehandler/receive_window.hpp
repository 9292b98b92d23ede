// What the peer is told of how far we buffer. Specification: the receive limit. Ours: it is told in
// steps, so that a program which reads little at a time does not get as little blocks.
#pragma once

#include "messagehandler/pinger.hpp"
#include "messagehandler/receive_stream.hpp"

namespace curvecp::messagehandler {

class ReceiveWindow {
  public:
    explicit ReceiveWindow(const ReceiveStream& stream)
        : stream_(stream),
          step_(std::min<std::uint64_t>(stream.capacity() / 4, kStep)),
          announced_(stream.limit()) {}

    // The limit for a message that leaves now.
    [[nodiscard]] StreamPosition announce() {
        if (grown()) announced_ = stream_.limit();
        return announced_;
    }
    // The peer has used up what it was told, and there is room to tell of: it has to be asked for
    // an answer, since an acknowledgment may get lost.
    [[nodiscard]] bool must_announce() const {
        return grown() && stream_.highest() + kMaxBlockSize > announced_;
    }

  private:
    static constexpr std::uint64_t kStep = std::uint64_t{64} * 1024;  // specification

    [[nodiscard]] bool grown() const { return stream_.limit() >= announced_ + step_; }

    const ReceiveStream& stream_;
    std::uint64_t step_;
    StreamPosition announced_;
};

}  // namespace curvecp::messagehandler
