// Where an operator asks and commands: a line in, an answer out, in the words of curvecpctl(1). The
// answer's first line is "ok" or "error: ..."; then comes what was asked for, to the end of the
// stream. Whoever may open the socket may do all of it. A slow reader holds up nobody: of a long
// answer only so much is made as it takes.
#pragma once

#include "curvecp/posix/bounded_writer.hpp"
#include "curvecp/posix/line_input.hpp"
#include "curvecp/posix/unix_socket.hpp"
#include "daemon/event_stream.hpp"
#include "daemon/server_loop.hpp"

#include <vector>

namespace curvecp::daemon {

class ControlSocket {
  public:
    // Ours, because operators are few.
    static constexpr std::size_t kMostClients = 8;

    struct Commands {
        std::function<void()> drain;
        std::function<void()> reload;  // null where there is nothing to reload
    };

    // Throws StartError.
    ControlSocket(EventLoop& loop, const std::string& path, ServerLoop& server, EventStream& events,
                  Commands commands);

  private:
    struct Client {
        Client(ControlSocket& socket, Fd descriptor);

        Fd fd;
        LineInput input;
        BoundedWriter writer;
        std::optional<IoWatcher> readable;
        // The connection to tell of next, where the answer is a status.
        std::optional<std::uint32_t> next_slot;
        bool json = false;
        bool any_told = false;
    };

    void on_connection(Fd fd);
    void on_readable(Client& client);
    void on_change(Client& client);
    void answer(Client& client, std::string_view line);
    // A command without operands; false where there is no such.
    bool obey(Client& client, std::string_view command);
    void kill(Client& client, std::string_view whom);
    void pass_events(Client& client, std::string_view names);
    void begin_status(Client& client, bool json);
    // As much of a status as the client takes now. True at its end.
    bool continue_status(Client& client);
    [[nodiscard]] std::string next_rows(Client& client) const;
    void finish(Client& client, std::string_view text);
    void remove(const Client& client);

    EventLoop& loop_;
    ServerLoop& server_;
    EventStream& events_;
    Commands commands_;
    std::vector<std::unique_ptr<Client>> clients_;
    UnixListener listener_;
};

}  // namespace curvecp::daemon
