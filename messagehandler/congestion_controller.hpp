// How much may be on its way, and how fast it leaves. Each controller is one file that implements
// this; a controller is told the time and everything that it decides by.
#pragma once

#include "curvecp/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace curvecp::messagehandler {

class CongestionController {
  public:
    struct Acknowledged {
        TimePoint now;
        TimePoint sent;         // when the newest of it was sent
        std::size_t bytes;      // of messages, padding included, as everywhere here
        std::size_t in_flight;  // before this acknowledgment
        Duration smoothed_rtt;  // 0 while none is known
    };

    CongestionController() = default;
    CongestionController(const CongestionController&) = delete;
    CongestionController& operator=(const CongestionController&) = delete;
    virtual ~CongestionController() = default;

    virtual void on_sent(TimePoint now, std::size_t bytes, std::size_t in_flight) = 0;
    virtual void on_acknowledged(const Acknowledged& acknowledged) = 0;
    // `sent` is when the newest of what was lost now was sent.
    virtual void on_lost(TimePoint now, TimePoint sent, std::size_t bytes) = 0;
    // The peer answers again after a long silence (RFC 9002 section 7.6: persistent congestion).
    virtual void on_silence_ended(TimePoint now) = 0;

    // Bytes that may be in flight.
    [[nodiscard]] virtual std::size_t window() const = 0;
    // Bytes a second; nullopt while nothing is known to pace by.
    [[nodiscard]] virtual std::optional<std::uint64_t> pacing_rate() const = 0;
};

}  // namespace curvecp::messagehandler
