#include "messagehandler/options.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"

namespace curvecp::messagehandler {

namespace {

constexpr std::uint64_t kLongestTimeout = 31'536'000;  // ours: a year

void take_option(const CommandLine::Option& option, Options& options) {
    if (set_verbosity(options.verbosity, option)) return;
    if (option.name == "-s") {
        options.config.role = Role::Server;
    } else if (option.name == "-c") {
        options.config.role = Role::ClientServerSpeaksFirst;
    } else if (option.name == "-C") {
        options.config.role = Role::ClientSpeaksFirst;
    } else if (option.name == "--stdio") {
        options.stdio = true;
    } else {
        options.config.timeout = std::chrono::seconds(
            parse_number("option --timeout", option.value, 1, kLongestTimeout));
    }
}

}  // namespace

bool parse_options(int argc, char** argv, Options& options) {
    CommandLine line("curvecpmessage", "prog...",
                     "Joins the two streams of a CurveCP connection, whose messages are on "
                     "descriptors 8 and 9, with a program's: 0 and 1 of a server, 6 and 7 of a "
                     "client.");
    line.add_verbosity();
    line.add_flag("-s", "the program is a server (default)");
    line.add_flag("-c", "the program is a client; the server speaks first");
    line.add_flag("-C", "the program is a client that speaks first");
    line.add_flag("--stdio", "no program: join the streams with standard input and output");
    line.add_value("--timeout", "SECONDS", "so long may the peer answer nothing (default 60)");
    auto parsed = line.parse(argc, argv);
    if (!parsed) return false;
    for (const auto& option : parsed->options) take_option(option, options);
    if (!options.stdio && parsed->positions.empty()) throw UsageError("missing prog, try --help");
    if (options.stdio && !parsed->positions.empty()) {
        throw UsageError("option --stdio: no program can be given, not " +
                         parsed->positions.front());
    }
    options.program = std::move(parsed->positions);
    if (!options.stdio && options.program.front().empty()) throw UsageError("prog '': no program");
    return true;
}

}  // namespace curvecp::messagehandler
