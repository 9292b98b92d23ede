#include "bench/transport/experiments.hpp"
#include "bench/transport/path.hpp"
#include "bench/transport/table.hpp"

#include <array>

namespace curvecp::bench {

using namespace std::chrono_literals;

namespace {

constexpr double kSeconds = 30;

struct Case {
    std::string_view name;
    std::array<Congestion, 2> flows;
    double least_percent;  // of the first flow, in the second half
    double most_percent;
};

constexpr std::array kCases{
    Case{"ours+ours", {Congestion::Default, Congestion::Default}, 40, 60},
    Case{"ours+cubic", {Congestion::Default, Congestion::Cubic}, 25, 65},
    Case{"cubic+ours", {Congestion::Cubic, Congestion::Default}, 35, 75},
    Case{"cubic+cubic", {Congestion::Cubic, Congestion::Cubic}, 0, 100},
};

struct Measured {
    double share = 0;  // of the first flow
    double link = 0;   // of the ceiling, both together
    double queue_ms = 0;
};

Measured measure(const Case& pair, std::uint64_t seed, double seconds) {
    const Profile& fast = profile("fast");
    Path path(fast, seed);
    path.add({.congestion = pair.flows[0]});
    path.add({.start = 500ms, .congestion = pair.flows[1]});
    path.run_until(seconds);
    const double first = path.record(0).rate(seconds / 2, seconds);
    const double second = path.record(1).rate(seconds / 2, seconds);
    return {first / (first + second), (first + second) / ceiling(fast.down),
            Waits(path.down().statistics().waits).mean_ms};
}

}  // namespace

bool measure_fairness(const Options& options) {
    const Table table({{"fair, fast", 12},
                       {"first %", 10},
                       {"allowed", 8},
                       {"least", 7},
                       {"most", 7},
                       {"both % of ceiling", 18},
                       {"queue mean ms", 14}});
    bool good = true;
    for (const Case& pair : kCases) {
        std::vector<double> shares;
        std::vector<double> links;
        std::vector<double> queues;
        for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
            const Measured run = measure(pair, seed, options.seconds.value_or(kSeconds));
            shares.push_back(run.share * 100);
            links.push_back(run.link * 100);
            queues.push_back(run.queue_ms);
        }
        const double share = median(shares);
        const bool fair = share >= pair.least_percent && share <= pair.most_percent;
        table.row({std::string(pair.name), fixed(share, 1) + (fair ? " " : "!"),
                   fixed(pair.least_percent, 0) + "-" + fixed(pair.most_percent, 0),
                   fixed(*std::min_element(shares.begin(), shares.end()), 1),
                   fixed(*std::max_element(shares.begin(), shares.end()), 1),
                   fixed(median(links), 1), fixed(median(queues), 2)});
        good &= share >= 0.9 * pair.least_percent && share <= 1.1 * pair.most_percent;
    }
    return good;
}

}  // namespace curvecp::bench
