#include "messagehandler/refusal.hpp"

#include "curvecp/posix/clock.hpp"
#include "messagehandler/frame_batch.hpp"
#include "messagehandler/handler_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace curvecp::messagehandler {

namespace {

using std::chrono::milliseconds;

constexpr Duration kRefusalLimit = std::chrono::seconds(5);  // ours

bool carries_messages(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0) return false;
    return (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) && set_nonblocking(fd);
}

// A connection whose program has failed before it wrote anything.
class Refusal {
  public:
    explicit Refusal(TimePoint now) : pair_(StreamPair::Config{.timeout = kRefusalLimit}, now) {
        pair_.end_output(Ending::Failure);
        pair_.discard_input(now);
        pair_.on_program_exit(now);
    }

    void run() {
        // A server's handler is started because of a message: where none comes this is none.
        if (!wait(now() + kRefusalLimit) || !receive() || !heard_) return;
        const TimePoint end = now() + kRefusalLimit;
        while (!pair_.output_complete() && now() < end) {
            if (!send() || pair_.output_complete()) return;
            const TimePoint until = std::min(pair_.next_deadline().value_or(end), end);
            if (!wait(until) || !receive()) return;
        }
        send();  // what the last messages asked
    }

  private:
    bool send() {
        const TimePoint time = now();
        while (batch_.has_room()) {
            const std::size_t size = pair_.next_message(time, batch_.room());
            if (size == 0) break;
            batch_.add(size);
        }
        return batch_.write(kToPeer) == FrameBatch::Status::Written;
    }

    static bool wait(TimePoint until) {
        const auto left = std::chrono::ceil<milliseconds>(until - now());
        pollfd readable{kFromPeer, POLLIN, 0};
        return poll(&readable, 1, static_cast<int>(std::max(left, milliseconds(0)).count())) >= 0;
    }

    bool receive() {
        const MutableBytes room = reader_.prepare(buffer_);
        const ssize_t size = read(kFromPeer, room.data(), room.size());
        if (size == 0 || (size < 0 && errno != EAGAIN)) return false;
        reader_.received(size < 0 ? 0 : static_cast<std::size_t>(size));
        while (true) {
            const FrameReader::Next next = reader_.next();
            if (std::holds_alternative<FrameReader::NeedMore>(next)) return true;
            const auto* message = std::get_if<MutableBytes>(&next);
            if (message == nullptr) return false;
            pair_.on_message(now(), *message);
            heard_ = true;
        }
    }

    StreamPair pair_;
    FrameBatch batch_;
    FrameReader reader_;
    bool heard_ = false;
    std::array<std::uint8_t, std::size_t{16} * 1024> buffer_{};
};

}  // namespace

void refuse_client() {
    if (!carries_messages(kFromPeer) || !carries_messages(kToPeer)) return;
    try {
        Refusal(now()).run();
    } catch (const std::bad_alloc&) {
        return;  // what lacked was told; the client is left to its time-out
    }
}

}  // namespace curvecp::messagehandler
