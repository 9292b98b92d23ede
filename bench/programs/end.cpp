// The program at either end of a connection that is measured. At the server's end, on descriptors 0
// and 1:
//
//     bench_end source BYTES SECONDS   sends a load
//     bench_end sink                   receives one, answers how many bytes it had
//     bench_end echo                   sends back whatever comes
//
// At the client's end, on descriptors 6 and 7; each prints one line of NAME=VALUE on descriptor 1:
//
//     bench_end download                  receives the load of a source
//     bench_end upload BYTES SECONDS      sends a load to a sink
//     bench_end ping SIZE COUNT SECONDS   so many round trips through an echo, or as many as the
//     time
//                                         allows
//     bench_end first                     one byte there and back, since BENCH_STARTED nanoseconds
//     bench_end hold                      the same, and then stays connected
//
// All but `first` stay until their input ends, a client until descriptor 0 ends: meanwhile the
// processes of the connection can be looked at.
#include "bench/programs/percentiles.hpp"
#include "bench/programs/result.hpp"
#include "curvecp/core/endian.hpp"
#include "curvecp/posix/clock.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace {

using namespace curvecp;
using namespace curvecp::bench;
using Arguments = std::span<char*>;

constexpr int kFromPeer = 6;  // specification: the descriptors of a client's program
constexpr int kToPeer = 7;
constexpr int kWarmUpEchoes = 20;
constexpr int kBroken = 1;
constexpr int kUsage = 100;

std::uint64_t number(const char* text) {
    return std::strtoull(text, nullptr, 10);
}

Duration seconds(const char* text) {
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(std::strtod(text, nullptr)));
}

double as_double(std::uint64_t value) {
    return static_cast<double>(value);
}

// Stays until told to go.
int stay() {
    wait_for_end(STDIN_FILENO);
    return 0;
}

int tell_and_stay(Result& result) {
    return result.tell() ? stay() : kBroken;
}

int source(Arguments arguments) {
    if (!send_load(STDOUT_FILENO, {number(arguments[0]), seconds(arguments[1])})) return kBroken;
    return stay();
}

int sink(Arguments) {
    const auto received = receive_load(STDIN_FILENO);
    if (!received) return kBroken;
    std::array<std::uint8_t, 8> answer{};
    store_le(*received, std::span(answer));
    if (!write_all(STDOUT_FILENO, answer)) return kBroken;
    return stay();
}

int echo(Arguments) {
    std::array<std::uint8_t, 65536> buffer{};
    for (ssize_t size = 0; (size = read(STDIN_FILENO, buffer.data(), buffer.size())) > 0;) {
        if (!write_all(STDOUT_FILENO, Bytes(buffer).first(static_cast<std::size_t>(size))))
            return kBroken;
    }
    return 0;
}

int download(Arguments) {
    const TimePoint started = now();
    const auto received = receive_load(kFromPeer);
    if (!received) return kBroken;
    Result result;
    result.add("bytes", as_double(*received)).add("seconds", now() - started);
    return tell_and_stay(result);
}

int upload(Arguments arguments) {
    const TimePoint started = now();
    const auto sent = send_load(kToPeer, {number(arguments[0]), seconds(arguments[1])});
    std::array<std::uint8_t, 8> answer{};
    if (!sent || !read_all(kFromPeer, answer)) return kBroken;
    if (load_le<std::uint64_t>(answer) != *sent) return kBroken;
    Result result;
    result.add("bytes", as_double(*sent)).add("seconds", now() - started);
    return tell_and_stay(result);
}

bool exchange(MutableBytes bytes) {
    return write_all(kToPeer, bytes) && read_all(kFromPeer, bytes);
}

int ping(Arguments arguments) {
    std::vector<std::uint8_t> request(number(arguments[0]), 'x');
    for (int i = 0; i < kWarmUpEchoes; ++i) {
        if (!exchange(request)) return kBroken;
    }
    const TimePoint end = now() + seconds(arguments[2]);
    std::vector<Duration> times;
    for (std::uint64_t left = number(arguments[1]); left > 0 && now() < end; --left) {
        const TimePoint sent = now();
        if (!exchange(request)) return kBroken;
        times.push_back(now() - sent);
    }
    Result result;
    result.add("count", static_cast<double>(times.size()));
    result.add("p50_us", percentile_us(times, 50)).add("p99_us", percentile_us(times, 99));
    return tell_and_stay(result);
}

int first(Arguments) {
    std::array<std::uint8_t, 1> byte{'x'};
    if (!exchange(byte)) return kBroken;
    const char* started = std::getenv("BENCH_STARTED");
    if (started == nullptr) return kUsage;
    const auto since_boot = static_cast<std::uint64_t>(now().time_since_epoch().count());
    Result result;
    result.add("first_us", as_double(since_boot - number(started)) / 1000);
    result.add("started", as_double(number(started)));
    return result.tell() ? 0 : kBroken;
}

int hold(Arguments arguments) {
    if (const int failure = first(arguments); failure != 0) return failure;
    wait_for_end(kFromPeer);
    return 0;
}

struct Command {
    std::string_view name;
    std::size_t arguments;
    int (*run)(Arguments);
};

constexpr std::array kCommands{
    Command{"source", 2, source},     Command{"sink", 0, sink},     Command{"echo", 0, echo},
    Command{"download", 0, download}, Command{"upload", 2, upload}, Command{"ping", 3, ping},
    Command{"first", 0, first},       Command{"hold", 0, hold},
};

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments(argv, static_cast<std::size_t>(argc));
    for (const Command& command : kCommands) {
        if (arguments.size() == 2 + command.arguments && command.name == arguments[1])
            return command.run(arguments.subspan(2));
    }
    static_cast<void>(std::fputs("usage: see the head of end.cpp\n", stderr));
    return kUsage;
}
