#include "bench/transport/experiments.hpp"
#include "bench/transport/path.hpp"
#include "bench/transport/table.hpp"

namespace curvecp::bench {

using namespace std::chrono_literals;
using messagehandler::Congestion;

namespace {

constexpr double kSeconds = 30;

struct Joining {
    Congestion congestion;
    Duration start;
};

struct Joint {
    std::string_view name;
    std::string_view profile;
    std::vector<Joining> flows;
    // What the first may have in the second half, in percent of all that is carried.
    double least = 0;
    double most = 100;
};

constexpr Joining kOurs{Congestion::Bbr, 0ms};
constexpr Joining kNext{Congestion::Bbr, 500ms};
constexpr Joining kCubic{Congestion::Cubic, 0ms};
constexpr Joining kNextCubic{Congestion::Cubic, 500ms};

// Those with figures.
const std::vector<Joint>& pairs() {
    static const std::vector<Joint> all{
        {"ours+ours", "fast", {kOurs, kNext}, 40, 60},
        {"ours+cubic", "fast", {kOurs, kNextCubic}, 25, 65},
        {"cubic+ours", "fast", {kCubic, kNext}, 35, 75},
    };
    return all;
}

const std::vector<Joint>& others() {
    static const std::vector<Joint> all{
        {"cubic+cubic", "fast", {kCubic, kNextCubic}},
        {"late", "fast", {kOurs, {Congestion::Bbr, 10s}}},
        {"four",
         "fast",
         {kOurs, {Congestion::Bbr, 1s}, {Congestion::Bbr, 2s}, {Congestion::Bbr, 3s}}},
        {"ours+ours", "lossy", {kOurs, kNext}},
        {"ours+ours", "bloat", {kOurs, kNext}},
        {"ours+cubic", "bloat", {kOurs, kNextCubic}},
        {"ours+cubic", "long", {kOurs, kNextCubic}},
    };
    return all;
}

struct MeasuredShares {
    std::vector<std::vector<double>> shares;  // of each flow, in each run
    std::vector<double> link;                 // percent of the ceiling, all together
    std::vector<double> queue_ms;
};

void measure(const Joint& joint, std::uint64_t seed, const Options& options,
             MeasuredShares& measured) {
    const double seconds = options.seconds.value_or(kSeconds);
    const Profile& shared = profile(joint.profile);
    Path path(shared, seed, options.trace);
    for (const Joining& flow : joint.flows) {
        path.add({.start = flow.start, .congestion = flow.congestion});
    }
    path.run_until(seconds);
    double all = 0;
    for (std::size_t i = 0; i < joint.flows.size(); ++i) {
        all += path.record(i).rate(seconds / 2, seconds);
    }
    measured.shares.resize(joint.flows.size());
    for (std::size_t i = 0; i < joint.flows.size(); ++i) {
        const double share = path.record(i).rate(seconds / 2, seconds) / all;
        measured.shares[i].push_back(share * 100);
    }
    measured.link.push_back(all / ceiling(shared.down) * 100);
    measured.queue_ms.push_back(Waits(path.down().statistics().waits).mean_ms);
}

std::string shares_of(const MeasuredShares& measured) {
    std::string text;
    for (const auto& shares : measured.shares) {
        if (!text.empty()) text += ':';
        text += fixed(median(shares), 0);
    }
    return text;
}

bool measure(const std::vector<Joint>& cases, const Options& options) {
    const Table table({{"together", 12},
                       {"on", 6},
                       {"shares %", 12},
                       {"first %", 8},
                       {"allowed", 8},
                       {"least", 6},
                       {"most", 6},
                       {"all % of ceiling", 16},
                       {"queue mean ms", 14}});
    bool good = true;
    for (const Joint& joint : cases) {
        MeasuredShares measured;
        for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
            measure(joint, seed, options, measured);
        }
        const auto& first = measured.shares[0];
        const double share = median(first);
        const bool fair = share >= joint.least && share <= joint.most;
        table.row({std::string(joint.name), std::string(joint.profile), shares_of(measured),
                   fixed(share, 1) + (fair ? " " : "!"),
                   fixed(joint.least, 0) + "-" + fixed(joint.most, 0),
                   fixed(*std::min_element(first.begin(), first.end()), 1),
                   fixed(*std::max_element(first.begin(), first.end()), 1),
                   fixed(median(measured.link), 1), fixed(median(measured.queue_ms), 2)});
        good &= share >= 0.9 * joint.least && share <= 1.1 * joint.most;
    }
    return good;
}

}  // namespace

bool measure_fairness(const Options& options) {
    return measure(pairs(), options);
}

bool measure_sharing(const Options& options) {
    return measure(others(), options);
}

}  // namespace curvecp::bench
