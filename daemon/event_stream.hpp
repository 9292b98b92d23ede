// Carries events to those who watch: a line of JSON for each. A subscriber may choose events by
// name; one that is slow loses events and is told how many. Nothing here ever waits.
// Manual: curvecp-events.
#pragma once

#include "curvecp/posix/bounded_writer.hpp"
#include "curvecp/posix/line_input.hpp"
#include "curvecp/posix/unix_socket.hpp"
#include "daemon/event.hpp"

#include <array>
#include <vector>

namespace curvecp::daemon {

class EventStream {
  public:
    // Ours, because more want one program that passes events on.
    static constexpr std::size_t kMostSubscribers = 16;
    // Ours, because a few hundred events are a burst that a reader may take its time for.
    static constexpr std::size_t kBuffer = 65'536;

    explicit EventStream(EventLoop& loop) : loop_(loop) {}
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;
    // Says monitor_stopped, as far as it can without waiting.
    ~EventStream();

    // Whoever connects there gets all events from then on, or those it names. Throws StartError.
    void listen(const std::string& path);
    // All events go to this descriptor, too, which becomes non-blocking. Throws StartError.
    void write_to(int fd);
    // Says why and closes `fd` where there are too many.
    void subscribe(Fd fd, EventMask mask);

    void tell(const Event& event) noexcept;
    // How often each event was told, subscribers or not.
    [[nodiscard]] std::uint64_t told(EventKind kind) const noexcept {
        return told_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

  private:
    struct Subscriber {
        Subscriber(EventStream& stream, Fd descriptor, EventMask wanted);

        Fd fd;
        EventMask mask;
        std::uint64_t lost = 0;
        LineInput input;
        BoundedWriter writer;
        std::optional<IoWatcher> readable;
    };

    void add(Fd fd, EventMask mask, bool listens);
    void send(Subscriber& subscriber, std::string_view line);
    // False where there is still no room to tell it.
    bool tell_lost(Subscriber& subscriber) noexcept;
    void on_change(Subscriber& subscriber);
    void on_input(Subscriber& subscriber);
    // False where the text names an event that there is not.
    bool choose(Subscriber& subscriber, std::string_view text) noexcept;
    void remove(const Subscriber& subscriber);
    void remove_gone();

    EventLoop& loop_;
    std::array<std::uint64_t, kEventKinds> told_{};
    std::uint64_t lost_ = 0;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
    std::vector<std::unique_ptr<UnixListener>> listeners_;
};

}  // namespace curvecp::daemon
