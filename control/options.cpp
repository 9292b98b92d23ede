#include "control/options.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/line_input.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace curvecp::control {
namespace {

struct Command {
    std::string_view name;
    std::size_t least_words;
    std::size_t most_words;
};

constexpr std::array<Command, 6> kCommands{
    Command{"status", 0, 1}, Command{"events", 0, std::numeric_limits<std::size_t>::max()},
    Command{"kill", 1, 1},   Command{"reload", 0, 0},
    Command{"drain", 0, 0},  Command{"metrics", 0, 0}};

std::string checked_line(const std::vector<std::string>& words) {
    std::string line = words.front();
    for (auto word = words.begin() + 1; word != words.end(); ++word) line += " " + *word;
    if (line.find('\n') != std::string::npos || line.size() > LineInput::kLongest) {
        throw UsageError("command " + line + ": too long, or not one line");
    }
    return line;
}

std::string command_of(const std::vector<std::string>& words) {
    if (words.empty()) throw UsageError("missing command, try --help");
    const auto* const found =
        std::find_if(kCommands.begin(), kCommands.end(),
                     [&](const Command& command) { return command.name == words.front(); });
    if (found == kCommands.end()) throw UsageError("command " + words.front() + ": there is none");
    const std::size_t operands = words.size() - 1;
    if (operands < found->least_words) throw UsageError("command " + words[0] + ": whom?");
    if (operands > found->most_words)
        throw UsageError(words[0] + " " + words.back() + ": too much");
    if (words.front() == "status" && operands == 1 && words[1] != "--json") {
        throw UsageError("status " + words[1] + ": --json or nothing");
    }
    return checked_line(words);
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options) {
    CommandLine line(
        "curvecpctl", "command...",
        "Shows and controls a running curvecpserver: status [--json], events [name...], "
        "kill id|key|address, reload, drain, metrics.");
    line.add_verbosity();
    line.add_value("--control", "PATH",
                   "the server's --control socket (default " + options.socket + ")");
    const auto parsed = line.parse(argc, argv);
    if (!parsed) return false;
    for (const auto& option : parsed->options) {
        if (!set_verbosity(options.verbosity, option)) options.socket = option.value;
    }
    options.command = command_of(parsed->positions);
    return true;
}

}  // namespace curvecp::control
