// Unix stream sockets that lie in the file system: the permissions of the file say who may use one.
#pragma once

#include "curvecp/posix/event_loop.hpp"

#include <string>

namespace curvecp {

// Connects, and waits for that. Throws StartError.
[[nodiscard]] Fd connect_unix(const std::string& path);
// The same without waiting or throwing, for where nobody may: a non-blocking descriptor, or none
// where nobody listens, or so many that no other can connect.
[[nodiscard]] Fd try_connect_unix(const std::string& path) noexcept;

// Listens at a path as long as it lives, and removes the file then. Only the user may connect.
class UnixListener {
  public:
    using Callback = std::function<void(Fd connection)>;

    // Replaces a socket that nobody listens at any more. Throws StartError, also where somebody
    // does, or where the path is something else. `on_connection` is given non-blocking descriptors.
    UnixListener(EventLoop& loop, std::string path, Callback on_connection);
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;
    ~UnixListener();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    void on_readable();

    std::string path_;
    Callback on_connection_;
    Fd fd_;
    Deadline pause_;
    IoWatcher readable_;
};

}  // namespace curvecp
