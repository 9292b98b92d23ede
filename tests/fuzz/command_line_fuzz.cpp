// Any command line is parsed or refused with a UsageError, and what follows the options is passed
// on verbatim. The input is the arguments, each ended by a zero.
#include "curvecp/posix/command_line.hpp"
#include "curvecp/posix/failure.hpp"
#include "tests/fuzz/input.hpp"

#include <cstdio>
#include <cstdlib>

namespace curvecp::fuzz {
namespace {

std::vector<std::string> split(Bytes text) {
    std::vector<std::string> arguments{"program"};
    while (!text.empty()) {
        const auto end = std::find(text.begin(), text.end(), std::uint8_t{0});
        arguments.emplace_back(text.begin(), end);
        text = text.subspan(std::min(arguments.back().size() + 1, text.size()));
    }
    return arguments;
}

void look_at(const CommandLine::Parsed& parsed, const std::vector<std::string>& arguments) {
    require(parsed.positions.size() < arguments.size() &&
                std::equal(parsed.positions.rbegin(), parsed.positions.rend(), arguments.rbegin()),
            "the positions are the last arguments");
    Verbosity verbosity = Verbosity::Errors;
    for (const auto& option : parsed.options) {
        require(option.name.starts_with('-'), "an option has its name");
        if (set_verbosity(verbosity, option) || option.name == "--stdio") {
            require(option.value.empty(), "a flag has no value");
            continue;
        }
        require(option.name == "-c" || option.name == "--time", "no other options");
        require(parse_number(option.name, option.value, 1, 65535) - 1 < 65535, "its bounds");
    }
}

void parse(std::vector<std::string> arguments) {
    CommandLine line("program", "name", "fuzzed");
    line.add_verbosity();
    line.add_flag("--stdio", "a flag");
    line.add_value("-c", "N", "a value");
    line.add_value("--time", "S", "a value with a long name");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    try {
        const auto parsed = line.parse(static_cast<int>(argv.size()), argv.data());
        if (parsed) look_at(*parsed, arguments);
    } catch (const UsageError& error) {
        require(error.what()[0] != 0, "it says what is wrong");
    }
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // No help a thousand times.
    static const bool quiet = std::freopen("/dev/null", "w", stdout) != nullptr;
    if (!quiet) std::abort();
    curvecp::fuzz::parse(curvecp::fuzz::split({data, size}));
    return 0;
}
