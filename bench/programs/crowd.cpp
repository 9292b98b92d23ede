// Starts many clients, so many at a time, and sums up how long each took to its first byte:
//
//     bench_crowd finish|hold AT_ONCE TOTAL SECONDS COMMAND...
//
// COMMAND is a client whose program is `bench_end first` or `bench_end hold`; BENCH_STARTED tells
// it when it was started. With `finish` the next one is started when one has ended, with `hold`
// when one has its first byte. Nobody is waited for longer than SECONDS from its own start; who has
// no first byte then counts as if it came after SECONDS, and ends. It prints one line of NAME=VALUE
// and stays until its input ends.
#include "bench/programs/percentiles.hpp"
#include "bench/programs/result.hpp"
#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/event_loop.hpp"
#include "curvecp/posix/pipe.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

namespace {

using namespace curvecp;
using namespace curvecp::bench;

struct Plan {
    bool hold;  // they stay when they have their first byte
    std::size_t at_once;
    std::size_t total;
    Duration limit;
    std::vector<std::string> command;
};

class Crowd {
  public:
    explicit Crowd(Plan plan)
        : plan_(std::move(plan)),
          environment_(current_environment()),
          results_(make_pipe(Blocking::WriteEnd)) {
        environment_.emplace_back();  // for BENCH_STARTED
    }

    void run() {
        start_more();
        loop_.run();
    }

    [[nodiscard]] Result result() {
        times_.resize(plan_.total, plan_.limit);  // they took longer than that
        Result result;
        result.add("done", static_cast<double>(done_)).add("failed", static_cast<double>(failed_));
        result.add("seconds", last_done_ - began_);
        result.add("p50_us", percentile_us(times_, 50)).add("p99_us", percentile_us(times_, 99));
        return result;
    }

  private:
    struct Client {
        pid_t pid;
        TimePoint started;
    };

    void start_more() {
        while (waited_for_.size() < plan_.at_once && started_ < plan_.total) start_one();
        if (done_ + failed_ >= plan_.total) loop_.stop();
        // They are in the order of their start.
        if (!waited_for_.empty()) deadline_.set(waited_for_.front().started + plan_.limit);
    }

    void start_one() {
        const TimePoint time = now();
        environment_.back() = "BENCH_STARTED=" + std::to_string(time.time_since_epoch().count());
        const std::array<DescriptorMapping, 1> output{{{results_.write.get(), STDOUT_FILENO}}};
        ++started_;
        if (const Started client = start({plan_.command, environment_, output})) {
            waited_for_.push_back({client.pid, time});
        } else {
            ++failed_;
        }
    }

    void on_result() {
        std::array<char, 4096> buffer{};
        const ssize_t size = read(results_.read.get(), buffer.data(), buffer.size());
        if (size > 0) unread_.append(buffer.data(), static_cast<std::size_t>(size));
        for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
            on_first_byte(unread_.substr(0, end));
            unread_.erase(0, end + 1);
        }
        start_more();
    }

    void on_first_byte(const std::string& line) {
        const auto microseconds = value_of(line, "first_us=");
        const auto started = value_of(line, "started=");
        if (!microseconds || !started) return;
        times_.emplace_back(static_cast<Duration::rep>(*microseconds * 1000));
        const TimePoint start{Duration(static_cast<Duration::rep>(*started))};
        if (plan_.hold && forget([start](const Client& one) { return one.started == start; })) {
            one_more_done();
        }
    }

    static std::optional<double> value_of(const std::string& line, std::string_view name) {
        const std::size_t at = line.find(name);
        if (at == std::string::npos) return std::nullopt;
        return std::strtod(line.c_str() + at + name.size(), nullptr);
    }

    void on_end(pid_t pid, int wait_status) {
        const bool waited_for = forget([pid](const Client& one) { return one.pid == pid; });
        if (waited_for && !plan_.hold && exit_code_of(wait_status) == 0) {
            one_more_done();
        } else if (waited_for || signal_of(wait_status) != SIGKILL) {
            ++failed_;  // of those that hold, none is to end
        }
        start_more();
    }

    void on_deadline() {
        const TimePoint latest = now() - plan_.limit;
        while (!waited_for_.empty() && waited_for_.front().started <= latest) {
            kill(waited_for_.front().pid, SIGKILL);
            waited_for_.erase(waited_for_.begin());
            ++failed_;
        }
        start_more();
    }

    // True where somebody was waited for.
    template <class Condition>
    bool forget(Condition condition) {
        return std::erase_if(waited_for_, condition) != 0;
    }

    void one_more_done() {
        ++done_;
        last_done_ = now();
    }

    Plan plan_;
    std::vector<std::string> environment_;
    Pipe results_;
    std::string unread_;
    std::size_t started_ = 0;
    std::vector<Client> waited_for_;
    std::size_t done_ = 0;
    std::size_t failed_ = 0;
    std::vector<Duration> times_;
    TimePoint began_ = now();
    TimePoint last_done_ = began_;
    EventLoop loop_;
    IoWatcher on_result_{loop_, results_.read.get(), Readiness::Readable, [this] { on_result(); }};
    ChildReaper reaper_{loop_, [this](pid_t pid, int status) { on_end(pid, status); }};
    Deadline deadline_{loop_, [this] { on_deadline(); }};
};

Plan parse(std::span<char*> arguments) {
    const auto number = [](const char* text) { return std::strtoull(text, nullptr, 10); };
    return {std::string_view(arguments[0]) == "hold",
            number(arguments[1]),
            number(arguments[2]),
            std::chrono::seconds(number(arguments[3])),
            {arguments.begin() + 4, arguments.end()}};
}

}  // namespace

int main(int argc, char** argv) {
    const std::span arguments(argv, static_cast<std::size_t>(argc));
    if (arguments.size() < 6) {
        static_cast<void>(std::fputs(
            "usage: bench_crowd finish|hold AT_ONCE TOTAL SECONDS COMMAND...\n", stderr));
        return 100;
    }
    Crowd crowd(parse(arguments.subspan(1)));
    crowd.run();
    if (!crowd.result().tell()) return 1;
    wait_for_end(STDIN_FILENO);
    return 0;
}
