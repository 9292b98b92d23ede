#include "bench/transport/experiments.hpp"
#include "bench/transport/path.hpp"
#include "bench/transport/table.hpp"

#include <algorithm>
#include <array>

namespace curvecp::bench {

namespace {

struct Case {
    std::string_view profile;
    std::uint64_t bytes;
    double figure_ms;
    double tls_ms;  // for comparison: TLS 1.3 over TCP CUBIC
};

constexpr std::array kCases{
    Case{"fast", 10'240, 55, 70},      Case{"fast", 102'400, 110, 130},
    Case{"fast", 1'048'576, 210, 227}, Case{"lossy", 10'240, 60, 70},
    Case{"lossy", 102'400, 120, 132},  Case{"lossy", 1'048'576, 260, 549},
};
// A median of few says little where a Hello may get lost.
constexpr std::uint64_t kLeastSeeds = 11;

double measure_ms(const Case& transfer, std::uint64_t seed, Trace* trace) {
    Path path(profile(transfer.profile), seed, trace);
    const Flow& flow = path.add({.bytes = transfer.bytes});
    return path.run_until_complete(flow) * 1000;
}

}  // namespace

bool measure_short_transfers(const Options& options) {
    const Table table({{"short", 10},
                       {"bytes", 8},
                       {"median ms", 10},
                       {"at most", 8},
                       {"TLS", 6},
                       {"least", 7},
                       {"most", 7}});
    bool good = true;
    for (const Case& transfer : kCases) {
        std::vector<double> times;
        for (std::uint64_t seed = 1; seed <= std::max(options.seeds, kLeastSeeds); ++seed) {
            times.push_back(measure_ms(transfer, seed, options.trace));
        }
        const double middle = median(times);
        table.row({std::string(transfer.profile), std::to_string(transfer.bytes),
                   fixed(middle, 1) + (middle <= transfer.figure_ms ? " " : "!"),
                   fixed(transfer.figure_ms, 0), fixed(transfer.tls_ms, 0),
                   fixed(*std::min_element(times.begin(), times.end()), 1),
                   fixed(*std::max_element(times.begin(), times.end()), 1)});
        good &= middle <= 1.1 * transfer.figure_ms;
    }
    return good;
}

}  // namespace curvecp::bench
