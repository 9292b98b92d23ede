#include "messagehandler/options.hpp"

#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"

namespace curvecp::messagehandler {

namespace {

constexpr std::uint64_t kLongestTimeout = 31'536'000;  // ours: a year
constexpr std::uint64_t kLeastBuffer = SendStream::kAssumedRoom;
constexpr std::uint64_t kMostBuffer = std::uint64_t{1} << 30U;  // ours
constexpr std::uint64_t kLeastBlock = 16;                       // ours

Duration parse_seconds(const CommandLine::Option& option) {
    return std::chrono::seconds(
        parse_number("option " + option.name, option.value, 1, kLongestTimeout));
}

Congestion parse_congestion(const std::string& value) {
    if (value == "bbr") return Congestion::Bbr;
    if (value == "cubic") return Congestion::Cubic;
    throw UsageError("option --congestion: bbr or cubic, not " + value);
}

void take_stream_option(const CommandLine::Option& option, StreamPair::Config& config) {
    if (option.name == "--timeout") {
        config.timeout = parse_seconds(option);
    } else if (option.name == "--keepalive") {
        config.keepalive = parse_seconds(option);
    } else if (option.name == "--idle-timeout") {
        config.idle_timeout = parse_seconds(option);
    } else if (option.name == "--buffer") {
        config.buffer = parse_number("option --buffer", option.value, kLeastBuffer, kMostBuffer);
    } else if (option.name == "--max-block") {
        config.max_block =
            parse_number("option --max-block", option.value, kLeastBlock, kMaxBlockSize);
    } else if (option.name == "--no-extensions") {
        config.extensions = false;
    } else {
        config.congestion = parse_congestion(option.value);
    }
}

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
    } else if (option.name == "--trace") {
        options.trace = option.value;
    } else {
        take_stream_option(option, options.config);
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
    line.add_value("--keepalive", "SECONDS",
                   "after so much quiet ask the peer whether it is there");
    line.add_value("--idle-timeout", "SECONDS",
                   "end after so long without a byte of either stream");
    line.add_value("--buffer", "BYTES", "of each stream, at most (default 8388608)");
    line.add_value("--max-block", "BYTES", "of a stream in one packet (default 1024)");
    line.add_value("--congestion", "NAME", "the congestion controller: bbr (default) or cubic");
    line.add_value("--trace", "FILE", "append lines of JSON about the congestion control to it");
    line.add_flag("--no-extensions", "say nothing that the first implementation does not know");
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
