// transport_bench: what the streams reach on links of all kinds, on the virtual clock: the same
// figures on every machine.
#include "bench/transport/experiments.hpp"

#include <algorithm>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace {

using namespace curvecp::bench;

constexpr std::string_view kUsage =
    "usage: transport_bench [--seeds N] [--seconds S] [--check] [--trace FILE] [NAME...]\n"
    "NAME is a link of those below; bulk, the first line of them; extra, the second; short, fair,\n"
    "dynamic or sharing. Without a name: all. An exclamation mark is a figure that was missed;\n"
    "--check exits 1 where it was by more than a tenth. The trace is comma-separated.\n";

int explain() {
    std::cerr << kUsage;
    for (const auto* const links : {&profiles(), &more_profiles()}) {
        for (const Profile& profile : *links) std::cerr << "  " << profile.name;
        std::cerr << '\n';
    }
    return 100;
}

struct CommandLine {
    Options options;
    bool check = false;
    std::unique_ptr<Trace> trace;
    std::vector<std::string> names;
};

CommandLine parse(const std::vector<std::string>& arguments) {
    CommandLine line;
    for (auto argument = arguments.begin(); argument != arguments.end(); ++argument) {
        const auto value = [&] {
            if (++argument == arguments.end()) throw std::invalid_argument("a value is missing");
            return *argument;
        };
        if (*argument == "--seeds") {
            line.options.seeds = std::stoull(value());
        } else if (*argument == "--seconds") {
            line.options.seconds = std::stod(value());
        } else if (*argument == "--trace") {
            line.trace = std::make_unique<Trace>(value());
            line.options.trace = line.trace.get();
        } else if (*argument == "--check") {
            line.check = true;
        } else if (argument->starts_with("-")) {
            throw std::invalid_argument(*argument);
        } else {
            line.names.push_back(*argument);
        }
    }
    return line;
}

bool run_one(const std::string& name, const Options& options) {
    if (name == "bulk") return measure_bulk(profiles(), options);
    if (name == "short") return measure_short_transfers(options);
    if (name == "fair") return measure_fairness(options);
    if (name == "sharing") return measure_sharing(options);
    if (name == "extra") return measure_bulk(more_profiles(), options);
    if (name == "dynamic") return measure_dynamics(options);
    throw std::invalid_argument(name);
}

bool run(const CommandLine& line) {
    if (line.names.empty()) {
        bool good = true;
        for (const char* const part : {"bulk", "short", "fair", "dynamic", "extra", "sharing"}) {
            good &= run_one(part, line.options);
        }
        return good;
    }
    bool good = true;
    std::vector<Profile> links;  // one table for all that were named
    for (const std::string& name : line.names) {
        const auto is_it = [&](const Profile& profile) { return profile.name == name; };
        for (const auto* const all : {&profiles(), &more_profiles()}) {
            std::copy_if(all->begin(), all->end(), std::back_inserter(links), is_it);
        }
    }
    if (!links.empty()) good = measure_bulk(links, line.options);
    for (const std::string& name : line.names) {
        const auto is_it = [&](const Profile& profile) { return profile.name == name; };
        if (std::none_of(links.begin(), links.end(), is_it)) good &= run_one(name, line.options);
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const CommandLine line = parse({argv + 1, argv + argc});
        const bool good = run(line);
        return line.check && !good ? 1 : 0;
    } catch (const std::invalid_argument& error) {
        std::cerr << "transport_bench: " << error.what() << '\n';
        return explain();
    }
}
