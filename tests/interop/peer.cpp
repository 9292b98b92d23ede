// The program at either end of an interoperability case: sends pseudo-random bytes, receives until
// the end of the stream, and writes down what it sent and received.
//
//     peer IN OUT ORDER SIZE SEED REPORT EXITCODE
//
// IN and OUT are descriptors, ORDER is send-first, receive-first or both. The report has one line:
// bytes and SHA-256 of what was sent, bytes and SHA-256 of what was received.
// INTEROP_DAMAGE=1 in the environment sends one byte other than the one that is hashed.
// INTEROP_PAUSE=SECONDS reads nothing for so long after the first bytes.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <sodium.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace {

constexpr std::size_t kChunk = 65536;
constexpr unsigned kLifetimeSeconds = 250;  // no case lasts that long: nothing stays behind

class Digest {
  public:
    Digest() { crypto_hash_sha256_init(&state_); }
    void add(const unsigned char* bytes, std::size_t size) {
        crypto_hash_sha256_update(&state_, bytes, size);
        size_ += size;
    }
    [[nodiscard]] std::string text() {
        unsigned char hash[crypto_hash_sha256_BYTES];
        char hex[2 * sizeof hash + 1];
        crypto_hash_sha256_final(&state_, hash);
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        return std::to_string(size_) + ' ' + hex;
    }

  private:
    crypto_hash_sha256_state state_{};
    std::uint64_t size_ = 0;
};

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::_Exit(99);
}

// Sends a stream that follows from its seed; closes the descriptor behind it.
class Sender {
  public:
    Sender(int fd, std::uint64_t size, std::uint64_t seed) : fd_(fd), left_(size), random_(seed) {
        const char* damage = std::getenv("INTEROP_DAMAGE");
        damage_ = damage != nullptr && *damage == '1';
        if (left_ == 0) finish();
    }

    [[nodiscard]] bool done() const { return fd_ < 0; }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] Digest& digest() { return digest_; }

    void step() {
        if (sent_ == chunk_.size()) refill();
        const ssize_t written = write(fd_, chunk_.data() + sent_, chunk_.size() - sent_);
        if (written < 0 && errno != EAGAIN && errno != EINTR) fail("write");
        if (written > 0) sent_ += static_cast<std::size_t>(written);
        if (sent_ == chunk_.size() && left_ == 0) finish();
    }

  private:
    void finish() {
        close(fd_);
        fd_ = -1;
    }

    void refill() {
        chunk_.resize(left_ < kChunk ? static_cast<std::size_t>(left_) : kChunk);
        for (auto& byte : chunk_) byte = next_byte();
        digest_.add(chunk_.data(), chunk_.size());
        left_ -= chunk_.size();
        sent_ = 0;
        if (damage_ && left_ == 0) chunk_.back() ^= 1;
    }

    unsigned char next_byte() {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 7;
        random_ ^= random_ << 17;
        return static_cast<unsigned char>(random_ >> 32);
    }

    int fd_;
    std::uint64_t left_;
    std::uint64_t random_;
    bool damage_ = false;
    std::vector<unsigned char> chunk_;
    std::size_t sent_ = 0;
    Digest digest_;
};

class Receiver {
  public:
    explicit Receiver(int fd) : fd_(fd), chunk_(kChunk) {
        const char* const pause = std::getenv("INTEROP_PAUSE");
        if (pause != nullptr) pause_ = static_cast<unsigned>(std::strtoul(pause, nullptr, 10));
    }

    [[nodiscard]] bool done() const { return fd_ < 0; }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] Digest& digest() { return digest_; }

    void step() {
        const ssize_t size = read(fd_, chunk_.data(), chunk_.size());
        if (size < 0 && errno != EAGAIN && errno != EINTR) fail("read");
        if (size == 0) fd_ = -1;
        if (size <= 0) return;
        digest_.add(chunk_.data(), static_cast<std::size_t>(size));
        if (pause_ > 0) sleep(std::exchange(pause_, 0));
    }

  private:
    int fd_;
    unsigned pause_ = 0;  // seconds
    std::vector<unsigned char> chunk_;
    Digest digest_;
};

void run_both(Sender& sender, Receiver& receiver) {
    fcntl(sender.fd(), F_SETFL, O_WRONLY | O_NONBLOCK);
    while (!sender.done() || !receiver.done()) {
        pollfd polled[] = {{sender.fd(), POLLOUT, 0}, {receiver.fd(), POLLIN, 0}};
        if (poll(polled, 2, -1) < 0 && errno != EINTR) fail("poll");
        if (polled[0].revents != 0) sender.step();
        if (polled[1].revents != 0) receiver.step();
    }
}

template <class Half>
void run_alone(Half& half) {
    while (!half.done()) half.step();
}

void run(const std::string& order, Sender& sender, Receiver& receiver) {
    if (order == "both") return run_both(sender, receiver);
    if (order == "send-first") run_alone(sender);
    run_alone(receiver);
    run_alone(sender);
}

// Appears under its name only when it is complete.
void write_report(const std::string& path, const std::string& line) {
    const std::string unfinished = path + ".new";
    std::FILE* file = std::fopen(unfinished.c_str(), "w");
    if (file == nullptr || std::fputs(line.c_str(), file) < 0 || std::fclose(file) != 0)
        fail("report");
    if (std::rename(unfinished.c_str(), path.c_str()) != 0) fail("report");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 8 || sodium_init() < 0) return 98;
    alarm(kLifetimeSeconds);
    const std::string order = argv[3];
    Receiver receiver(std::atoi(argv[1]));
    Sender sender(std::atoi(argv[2]), std::strtoull(argv[4], nullptr, 10),
                  std::strtoull(argv[5], nullptr, 10));
    run(order, sender, receiver);
    write_report(argv[6], sender.digest().text() + ' ' + receiver.digest().text() + '\n');
    return std::atoi(argv[7]);
}
