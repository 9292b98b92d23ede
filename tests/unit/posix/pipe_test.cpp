#include "curvecp/posix/pipe.hpp"

#include "curvecp/core/frame.hpp"

#include <array>
#include <cerrno>
#include <numeric>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace curvecp;

namespace {

constexpr std::size_t kPage = 4096;

bool blocks(const Fd& fd) {
    return (fcntl(fd.get(), F_GETFL) & O_NONBLOCK) == 0;
}

// A frame of the largest size with a number in its message.
std::vector<std::uint8_t> frame(std::uint8_t number) {
    std::vector<std::uint8_t> bytes(kMaxFrameSize, number);
    bytes[0] = frame_length_byte(kMaxMessageSize);
    return bytes;
}

struct Fixture {
    Pipe pipe = make_pipe(Blocking::None);
    PipeWriter writer{std::move(pipe.write)};
    std::vector<std::vector<std::uint8_t>> frames;
    FrameReader reader;

    Fixture() {
        ignore_broken_pipes();
        for (int i = 0; i < 200; ++i) frames.push_back(frame(static_cast<std::uint8_t>(i)));
    }

    PipeWriter::Status write(std::size_t first, std::size_t count) {
        std::vector<Bytes> spans;
        for (std::size_t i = first; i < first + count; ++i) spans.emplace_back(frames[i]);
        return writer.write(spans);
    }

    // The numbers of the whole frames that come out of the pipe.
    std::vector<int> read_all(std::size_t at_most = 1U << 20U) {
        std::vector<std::uint8_t> buffer(at_most + kMaxFrameSize + 1);
        const MutableBytes room = reader.prepare(buffer).first(at_most);
        const ssize_t size = read(pipe.read.get(), room.data(), room.size());
        reader.received(size > 0 ? static_cast<std::size_t>(size) : 0);
        std::vector<int> numbers;
        while (true) {
            const auto next = reader.next();
            REQUIRE(!std::holds_alternative<FrameReader::BadLengthByte>(next));
            const auto* const message = std::get_if<MutableBytes>(&next);
            if (message == nullptr) return numbers;
            REQUIRE(message->size() == kMaxMessageSize);
            REQUIRE(message->front() == message->back());
            numbers.push_back(message->front());
        }
    }
};

std::vector<int> numbers(int first, std::size_t count) {
    std::vector<int> all(count);
    std::iota(all.begin(), all.end(), first);
    return all;
}

}  // namespace

TEST_CASE("each end of a pipe blocks or not on its own, and both are closed by exec") {
    const Pipe reading = make_pipe(Blocking::ReadEnd);
    CHECK(blocks(reading.read));
    CHECK(!blocks(reading.write));
    const Pipe writing = make_pipe(Blocking::WriteEnd);
    CHECK(!blocks(writing.read));
    CHECK(blocks(writing.write));
    const Pipe both = make_pipe(Blocking::Both);
    CHECK(blocks(both.read));
    CHECK(blocks(both.write));
    CHECK((fcntl(both.read.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((fcntl(both.write.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("no pipe, and errno, where the process has no descriptor left") {
    rlimit old{};
    getrlimit(RLIMIT_NOFILE, &old);
    rlimit none = old;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    const Pipe pipe = make_pipe(Blocking::None);
    const int error = errno;
    setrlimit(RLIMIT_NOFILE, &old);
    CHECK(!pipe.read);
    CHECK(!pipe.write);
    CHECK(error == EMFILE);
}

TEST_CASE_FIXTURE(Fixture, "frames arrive in order, however many one write has") {
    CHECK(write(0, 3) == PipeWriter::Status::Ok);
    CHECK(write(3, 1) == PipeWriter::Status::Ok);
    CHECK(read_all() == numbers(0, 4));
    REQUIRE(fcntl(writer.fd(), F_SETPIPE_SZ, 1 << 20) > 0);
    CHECK(write(0, 200) == PipeWriter::Status::Ok);
    CHECK(read_all() == numbers(0, 200));
    CHECK(writer.dropped_frames() == 0);
}

TEST_CASE_FIXTURE(Fixture, "a full pipe drops whole frames and never waits") {
    REQUIRE(fcntl(writer.fd(), F_SETPIPE_SZ, kPage) == static_cast<int>(kPage));
    for (std::size_t i = 0; i < 10; ++i) write(i, 1);
    CHECK(!writer.has_rest());  // a small write is all or nothing
    CHECK(writer.dropped_frames() == 7);
    CHECK(read_all() == numbers(0, 3));
    CHECK(write(10, 1) == PipeWriter::Status::Ok);
    CHECK(read_all() == numbers(10, 1));
}

TEST_CASE_FIXTURE(Fixture, "a frame that was cut is finished before anything else") {
    REQUIRE(fcntl(writer.fd(), F_SETPIPE_SZ, 4 * kPage) == static_cast<int>(4 * kPage));
    CHECK(write(0, 20) == PipeWriter::Status::Full);
    CHECK(writer.has_rest());
    CHECK(writer.dropped_frames() == 4);  // 16384 bytes hold 15 frames and a piece of the 16th
    CHECK(write(20, 2) == PipeWriter::Status::Full);
    CHECK(writer.dropped_frames() == 6);
    CHECK(read_all() == numbers(0, 15));
    CHECK(write(30, 2) == PipeWriter::Status::Ok);
    CHECK(!writer.has_rest());
    CHECK(read_all() == std::vector<int>{15, 30, 31});
}

TEST_CASE_FIXTURE(Fixture, "the rest of a cut frame may itself need several writes") {
    REQUIRE(fcntl(writer.fd(), F_SETPIPE_SZ, 4 * kPage) == static_cast<int>(4 * kPage));
    std::vector<int> arrived;
    std::size_t sent = 0;
    for (int round = 0; round < 40; ++round) {
        write(static_cast<std::size_t>(round) * 5, 5);
        sent += 5;
        const auto more = read_all(kPage);
        arrived.insert(arrived.end(), more.begin(), more.end());
    }
    while (writer.has_rest()) {
        const auto more = read_all();
        arrived.insert(arrived.end(), more.begin(), more.end());
        writer.finish();
    }
    const auto more = read_all();
    arrived.insert(arrived.end(), more.begin(), more.end());
    CHECK(arrived.size() + writer.dropped_frames() == sent);
    CHECK(writer.dropped_frames() > 0);
    CHECK(std::is_sorted(arrived.begin(), arrived.end()));
}

TEST_CASE_FIXTURE(Fixture, "a pipe that nobody reads is closed, without a signal") {
    pipe.read.reset();
    CHECK(write(0, 2) == PipeWriter::Status::Closed);
    CHECK(writer.dropped_frames() == 2);
    CHECK(writer.fd() == -1);
    CHECK(write(2, 1) == PipeWriter::Status::Closed);
}

TEST_CASE("pipes are enlarged within the budget, which they give back") {
    PipeBudget budget(1);
    const Pipe first = make_pipe(Blocking::None);
    const Pipe second = make_pipe(Blocking::None);
    REQUIRE(budget.enlarge(first.write.get()));
    CHECK(fcntl(first.write.get(), F_GETPIPE_SZ) >= 256 * 1024);
    CHECK(!budget.enlarge(second.write.get()));
    CHECK(fcntl(second.write.get(), F_GETPIPE_SZ) == 64 * 1024);
    CHECK(budget.shrink(first.write.get()));
    CHECK(fcntl(first.write.get(), F_GETPIPE_SZ) == 64 * 1024);
    CHECK(budget.enlarge(second.write.get()));
    budget.release();
    CHECK(budget.left() == 1);
}

TEST_CASE("what is no pipe costs no budget") {
    PipeBudget budget(1);
    const Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    CHECK(!budget.enlarge(null.get()));
    CHECK(budget.left() == 1);
}
