#include "bench/transport/experiments.hpp"
#include "bench/transport/path.hpp"
#include "bench/transport/table.hpp"

#include <array>

namespace curvecp::bench {

using namespace std::chrono_literals;
using simulation::Link;

namespace {

constexpr double kWarmUp = 5;
constexpr double kAfterwards = 10;
constexpr double kBack = 0.9;  // of the ceiling

struct Dynamic {
    std::string_view name;
    Link::Config before;
    Link::Config during;
    double seconds;  // that it lasts
    Link::Config after;
    std::optional<double> figure = std::nullopt;  // seconds until the rate is back, at most
};

const std::vector<Dynamic>& cases() {
    static const Link::Config fast = link(100, 10ms, 20ms);
    static const Link::Config dark = link(100, 10ms, 20ms, 1);
    static const Link::Config near = link(50, 10ms, 50ms);
    static const Link::Config distant = link(50, 40ms, 50ms);
    static const Link::Config wide = link(50, 20ms, 100ms);
    static const Link::Config tight = link(10, 20ms, 100ms);
    static const std::vector<Dynamic> all{
        {"rate 50-10-50", wide, tight, 5, wide, {}},
        {"rtt 20-80-20", near, distant, 10, near, {}},
        {"rtt 80-20-80", distant, near, 10, distant, {}},
        {"outage 5 s", fast, dark, 5, fast, 2},
        {"outage 30 s", fast, dark, 30, fast, 2},
    };
    return all;
}

// One column of each for all seeds.
struct MeasuredChange {
    std::vector<std::optional<double>> reach_during;
    std::vector<double> share_during, queue_during, queue_max;
    std::vector<std::optional<double>> back;
    std::vector<double> share_after;
    std::vector<double> queue_after;
};

std::optional<double> seconds_until_back(const Record& record, double from, double until,
                                         const Link::Config& link) {
    const auto at = record.first_at_rate(from, kBack * ceiling(link));
    if (!at || *at > until) return std::nullopt;
    return *at - from;
}

void measure(const Dynamic& dynamic, std::uint64_t seed, Trace* trace, MeasuredChange& measured) {
    Path path({dynamic.name, dynamic.before, dynamic.before, {}}, seed, trace);
    path.add({});
    path.run_until(kWarmUp);
    path.down().reset_statistics();
    path.change(dynamic.during, dynamic.during);
    // Not always at the same moment of whatever goes round in the handler.
    const double turn = kWarmUp + dynamic.seconds + 0.29 * static_cast<double>(seed);
    path.run_until(turn);
    const Waits during(path.down().statistics().waits);
    path.down().reset_statistics();
    path.change(dynamic.after, dynamic.after);
    const double end = turn + kAfterwards;
    path.run_until(end);
    const Record& record = path.record();
    measured.reach_during.push_back(seconds_until_back(record, kWarmUp, turn, dynamic.during));
    measured.share_during.push_back(record.rate(kWarmUp, turn) / ceiling(dynamic.during) * 100);
    measured.queue_during.push_back(during.mean_ms);
    measured.queue_max.push_back(during.max_ms);
    measured.back.push_back(seconds_until_back(record, turn, end, dynamic.after));
    measured.share_after.push_back(record.rate(end - 5, end) / ceiling(dynamic.after) * 100);
    measured.queue_after.push_back(Waits(path.down().statistics().waits).mean_ms);
}

}  // namespace

bool measure_dynamics(const Options& options) {
    const Table table({{"dynamic", 14},
                       {"during: 90% s", 14},
                       {"% of ceiling", 13},
                       {"queue mean ms", 14},
                       {"max", 7},
                       {"after: 90% s", 13},
                       {"% of ceiling", 13},
                       {"queue mean ms", 14}});
    bool good = true;
    for (const Dynamic& dynamic : cases()) {
        MeasuredChange measured;
        for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
            measure(dynamic, seed, options.trace, measured);
        }
        const auto back = median(measured.back);
        const bool in_time = !dynamic.figure || (back && *back <= *dynamic.figure);
        table.row({std::string(dynamic.name), fixed(median(measured.reach_during), 2),
                   fixed(median(measured.share_during), 1), fixed(median(measured.queue_during), 2),
                   fixed(median(measured.queue_max), 1), fixed(back, 2) + (in_time ? " " : "!"),
                   fixed(median(measured.share_after), 1), fixed(median(measured.queue_after), 2)});
        good &= in_time;
    }
    return good;
}

}  // namespace curvecp::bench
