#include "bench/transport/experiments.hpp"
#include "bench/transport/path.hpp"
#include "bench/transport/table.hpp"

#include <algorithm>

namespace curvecp::bench {

namespace {

struct Measured {
    double goodput = 0;       // share of the ceiling, in the second half
    double first_second = 0;  // Mbit/s
    std::optional<double> ramp_seconds;
    Waits waits{{}};
    double wire = 0;
    double retransmitted = 0;
    double spurious = 0;
    double drops = 0;
    double messages_up = 0;  // for each block
    double runs = 0;         // of the sender's handler, a second
};

double share(std::uint64_t part, std::uint64_t all) {
    return static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(all, 1));
}

Measured measure(const Profile& profile, std::uint64_t seed, double seconds, Trace* trace) {
    Path path(profile, seed, trace);
    path.add({});
    path.run_until(seconds);
    const Record& record = path.record();
    const auto& link = path.down().statistics();
    const Flow::Blocks& blocks = path.flow().blocks();
    Measured measured;
    measured.goodput = record.rate(seconds / 2, seconds) / ceiling(profile.down);
    measured.first_second = record.bytes(0, 1) * 8 / 1e6;
    // Half of what is asked for, or of the ceiling.
    const double half = profile.figures.goodput.value_or(1) * ceiling(profile.down) / 2;
    measured.ramp_seconds = record.first_at_rate(0, half);
    measured.waits = Waits(link.waits);
    const auto* const server = path.flow().server();
    measured.spurious = share(server->streams().recovery().statistics().spurious, blocks.sent);
    measured.messages_up = share(path.up().statistics().packets, blocks.sent);
    measured.runs = static_cast<double>(server->runs()) / seconds;
    measured.wire = share(link.bytes, path.flow().delivered());
    measured.retransmitted = share(blocks.again, blocks.sent);
    measured.drops = static_cast<double>(link.dropped + path.flow().dropped());
    return measured;
}

template <class Get>
auto median_of(const std::vector<Measured>& runs, Get get) {
    std::vector<std::decay_t<decltype(get(runs[0]))>> values;
    std::transform(runs.begin(), runs.end(), std::back_inserter(values), get);
    return median(values);
}

Measured median_of(const std::vector<Measured>& runs) {
    Measured all;
    all.goodput = median_of(runs, [](const Measured& m) { return m.goodput; });
    all.first_second = median_of(runs, [](const Measured& m) { return m.first_second; });
    all.ramp_seconds = median_of(runs, [](const Measured& m) { return m.ramp_seconds; });
    all.waits.mean_ms = median_of(runs, [](const Measured& m) { return m.waits.mean_ms; });
    all.waits.p95_ms = median_of(runs, [](const Measured& m) { return m.waits.p95_ms; });
    all.waits.max_ms = median_of(runs, [](const Measured& m) { return m.waits.max_ms; });
    all.wire = median_of(runs, [](const Measured& m) { return m.wire; });
    all.retransmitted = median_of(runs, [](const Measured& m) { return m.retransmitted; });
    all.spurious = median_of(runs, [](const Measured& m) { return m.spurious; });
    all.messages_up = median_of(runs, [](const Measured& m) { return m.messages_up; });
    all.runs = median_of(runs, [](const Measured& m) { return m.runs; });
    all.drops = median_of(runs, [](const Measured& m) { return m.drops; });
    return all;
}

// "94.1!/96": measured, missed, asked for.
std::string judged(std::optional<double> value, std::optional<double> figure, int decimals,
                   bool at_least) {
    std::string text = fixed(value, decimals);
    if (!figure) return text;
    const bool good = value && (at_least ? *value >= *figure : *value <= *figure);
    return text + (good ? " /" : "!/") + fixed(figure, decimals);
}

// "4.1~/3.0": allowed, but the goal was missed.
std::string judged_queue(double value, const Figures& figures) {
    const bool allowed = figures.queue_ms && value <= *figures.queue_ms;
    if (!allowed || !figures.queue_goal_ms) return judged(value, figures.queue_ms, 2, false);
    return fixed(value, 2) + (value <= *figures.queue_goal_ms ? " /" : "~/") +
           fixed(figures.queue_goal_ms, 2);
}

std::optional<double> percent(std::optional<double> share) {
    if (!share) return std::nullopt;
    return *share * 100;
}

void write(const Table& table, const Profile& profile, const Measured& measured) {
    const Figures& figures = profile.figures;
    table.row({std::string(profile.name),
               judged(measured.goodput * 100, percent(figures.goodput), 1, true),
               fixed(measured.first_second, 1),
               judged(measured.ramp_seconds, figures.ramp_seconds, 2, false),
               judged_queue(measured.waits.mean_ms, figures), fixed(figures.bbr_queue_ms, 2),
               fixed(measured.waits.p95_ms, 1), fixed(measured.waits.max_ms, 1),
               judged(measured.wire, figures.wire, 3, false),
               judged(measured.retransmitted * 100, percent(figures.retransmitted), 2, false),
               fixed(measured.spurious * 100, 2), fixed(measured.drops, 0),
               fixed(measured.messages_up, 2), fixed(measured.runs, 0)});
}

bool reaches(const Figures& figures, const Measured& measured) {
    const auto most = [](std::optional<double> value, std::optional<double> figure) {
        return !figure || (value && *value <= 1.1 * *figure);
    };
    return (!figures.goodput || measured.goodput >= 0.9 * *figures.goodput) &&
           most(measured.ramp_seconds, figures.ramp_seconds) &&
           most(measured.waits.mean_ms, figures.queue_ms) &&
           (!figures.wire || most(measured.wire - 1, *figures.wire - 1)) &&
           most(measured.retransmitted, figures.retransmitted);
}

}  // namespace

bool measure_bulk(const std::vector<Profile>& profiles, const Options& options) {
    const Table table({{"download", 10},
                       {"% of ceiling", 13},
                       {"Mbit 1st s", 10},
                       {"ramp s", 11},
                       {"queue mean ms", 14},
                       {"BBR's", 6},
                       {"p95", 6},
                       {"max", 6},
                       {"wire", 13},
                       {"again %", 10},
                       {"spur. %", 7},
                       {"drops", 6},
                       {"acks", 5},
                       {"runs/s", 6}});
    bool good = true;
    for (const Profile& profile : profiles) {
        std::vector<Measured> runs;
        for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
            runs.push_back(
                measure(profile, seed, options.seconds.value_or(profile.seconds), options.trace));
        }
        const Measured measured = median_of(runs);
        write(table, profile, measured);
        good &= reaches(profile.figures, measured);
    }
    return good;
}

}  // namespace curvecp::bench
