// How much may be on its way, and how fast it leaves. Each controller is one file that implements
// this; a controller is told the time and everything that it decides by.
#pragma once

#include "curvecp/core/frame.hpp"
#include "curvecp/core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace curvecp::messagehandler {

// What rates and windows are counted in: the largest message.
inline constexpr double kMessage = kMaxMessageSize;

// Sizes are of messages, padding included, in bytes; rates are bytes a second.
class CongestionController {
  public:
    struct Acknowledged {
        TimePoint now;
        TimePoint sent{};               // when the newest of it was sent
        std::size_t bytes = 0;          // known to have arrived by this message
        std::size_t in_flight = 0;      // before this message
        std::optional<Duration> rtt{};  // the sample of this message
        Duration smoothed_rtt{0};       // 0 while none is known
    };
    struct Lost {
        TimePoint now;
        TimePoint sent;             // when the newest of it was sent
        std::size_t bytes = 0;      // lost now
        std::size_t in_flight = 0;  // before it was known
    };

    CongestionController() = default;
    CongestionController(const CongestionController&) = delete;
    CongestionController& operator=(const CongestionController&) = delete;
    virtual ~CongestionController() = default;

    virtual void on_acknowledged(const Acknowledged& acknowledged) = 0;
    virtual void on_lost(const Lost& lost) = 0;
    // What was taken for lost has arrived after all.
    virtual void on_spurious_loss(TimePoint now, std::size_t bytes) = 0;
    // Nothing was there to send, or the peer had no room, though window and rate allowed more.
    virtual void on_starved(TimePoint now) = 0;
    // The peer answers again after a long silence (RFC 9002 section 7.6: persistent congestion).
    virtual void on_silence_ended(TimePoint now) = 0;

    // Bytes that may be in flight.
    [[nodiscard]] virtual std::size_t window() const = 0;
    // nullopt while nothing is known to pace by.
    [[nodiscard]] virtual std::optional<std::uint64_t> pacing_rate() const = 0;
    // A word for the trace.
    [[nodiscard]] virtual const char* state() const = 0;
};

enum class Congestion : std::uint8_t { Bbr, Cubic };

// `one_machine`: the ends seem to be on one, see local_way.hpp.
[[nodiscard]] std::unique_ptr<CongestionController> make_controller(Congestion congestion,
                                                                    bool one_machine = false);

}  // namespace curvecp::messagehandler
