// Tells what happens to the server: in the log for people, as events for programs. The loop says it
// here once.
#pragma once

#include "curvecp/posix/log.hpp"
#include "daemon/connection_table.hpp"
#include "daemon/event_stream.hpp"
#include "daemon/event_sums.hpp"

#include <sys/types.h>

namespace curvecp::daemon {

// What a connection carried, kept until its handler's process has ended too.
struct Carried {
    std::uint32_t service = 0;
    Path path;
    TimePoint start;
    std::uint64_t bytes_in = 0;   // message bytes from the client
    std::uint64_t bytes_out = 0;  // message bytes to the client
};

// Who has ended a connection.
enum class EndedBy { Handler, Server };

class Reporter {
  public:
    Reporter(EventLoop& loop, Log& log, EventStream& events);

    // What events call the services by, by their index.
    void set_services(std::vector<std::string> labels) { services_ = std::move(labels); }

    void on_listening(const Address& local, const PublicKey& key);
    void on_bind_failed(const Address& local, int error);

    // `client` where it is known.
    void on_dropped(TimePoint time, const Path& path, DropReason reason,
                    const PublicKey* client = nullptr);
    // Why packets are dropped for HandlerNotStarted or NoNonces, as an errno value.
    void on_accept_error(int error) noexcept { accept_error_ = error; }
    void on_nonce_error(int error) noexcept { nonce_error_ = error; }
    void on_out_of_memory(const Path& path);

    // New rules were taken, or not, because of `trouble`.
    void on_reload(const std::string& trouble);

    void on_accepted(const ClientConnection& connection, pid_t handler);
    void on_moved(const ClientConnection& connection, const Path& from);
    void on_end(const ClientConnection& connection, const Carried& carried,
                std::uint64_t dropped_frames, std::string_view reason, EndedBy by);
    void on_program_exit(std::uint64_t connection, const Carried& carried, int wait_status);

    // An error line, at most once in a while: what a client can repeat must not fill the log.
    // False where it was not the time.
    bool on_failure(const std::string& what);

    [[nodiscard]] Log& log() noexcept { return log_; }
    [[nodiscard]] const EventStream& events() const noexcept { return events_; }

  private:
    // With what every event of a connection or packet has.
    [[nodiscard]] Event event(EventKind kind, const Path& path) const noexcept;
    [[nodiscard]] Event event(EventKind kind, const ClientConnection& connection) const noexcept;
    [[nodiscard]] std::string_view service(std::uint32_t index) const noexcept;
    // Of several, which one is meant is not known; then it has no name.
    [[nodiscard]] std::string_view only_service() const noexcept {
        return services_.size() == 1 ? service(0) : std::string_view();
    }
    void tell_refusal(DropReason reason, const DropEvent& event, const std::string& who);
    void tell(const Path& path, DropReason reason, std::uint64_t count);
    [[nodiscard]] std::optional<DropEvent> drop_event(DropReason reason) const noexcept;
    void tell_sums();

    Log& log_;
    EventStream& events_;
    std::vector<std::string> services_;
    std::vector<Address> bound_;  // by socket
    int accept_error_ = 0;
    int nonce_error_ = 0;
    EventSums sums_;
    std::optional<TimePoint> failure_told_;
    Deadline sums_due_;
};

}  // namespace curvecp::daemon
