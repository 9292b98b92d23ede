#include "curvecp/posix/command_line.hpp"

#include "curvecp/posix/failure.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

using Words = std::vector<std::string>;

CommandLine tool() {
    CommandLine command_line("tool", "prog...", "A tool for tests.");
    command_line.add_verbosity();
    command_line.add_value("-c", "N", "a number");
    command_line.add_flag("--stdio", "a flag");
    command_line.add_value("--timeout", "SECONDS", "a time");
    return command_line;
}

// The options as "-c=5 -q", then the positions, each in brackets.
std::string parse(Words words) {
    const CommandLine command_line = tool();
    words.insert(words.begin(), "tool");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    const auto parsed = command_line.parse(static_cast<int>(argv.size()), argv.data());
    if (!parsed) return "help";
    std::string text;
    for (const auto& option : parsed->options) {
        text += option.name + (option.value.empty() ? " " : "=" + option.value + " ");
    }
    for (const std::string& position : parsed->positions) text += "[" + position + "]";
    return text;
}

std::string refusal(Words words) {
    try {
        return "accepted: " + parse(std::move(words));
    } catch (const UsageError& error) {
        return error.what();
    }
}

Verbosity verbosity_of(std::vector<std::string> names) {
    Verbosity verbosity = Verbosity::Errors;
    for (const std::string& name : names) CHECK(set_verbosity(verbosity, {name, ""}));
    return verbosity;
}

}  // namespace

TEST_CASE("options are separate or grouped, with their values joined or not") {
    CHECK(parse({"-q", "-c", "5", "x"}) == "-q -c=5 [x]");
    CHECK(parse({"-qc5", "x"}) == "-q -c=5 [x]");
    CHECK(parse({"-vv", "x"}) == "-v -v [x]");
    CHECK(parse({"--timeout=3", "--timeout", "4", "--stdio"}) ==
          "--timeout=3 --timeout=4 --stdio ");
    CHECK(parse({"-c", "-1", "x"}) == "-c=-1 [x]");
    CHECK(parse({"-c", "--", "x"}) == "-c=-- [x]");
    CHECK(parse({"--timeout=a=b", "--timeout="}) == "--timeout=a=b --timeout ");
}

TEST_CASE("a repeated option keeps its order, so that the last can count") {
    CHECK(parse({"-c1", "-v", "-c2", "-q", "-c3"}) == "-c=1 -v -c=2 -q -c=3 ");
}

TEST_CASE("everything from the first position on is passed on verbatim") {
    CHECK(parse({"x", "-q", "--help", "[a]", "", "--", "-"}) == "[x][-q][--help][[a]][][--][-]");
    CHECK(parse({"", "-q"}) == "[][-q]");
}

TEST_CASE("-- and a lone - end the options and are not passed on") {
    CHECK(parse({"-q", "--", "-v"}) == "-q [-v]");
    CHECK(parse({"-q", "-", "-v"}) == "-q [-v]");
    CHECK(parse({"--", "--"}) == "[--]");
    CHECK(parse({}).empty());
}

TEST_CASE("what cannot be meant is named") {
    CHECK(refusal({"-x"}) == "unknown option -x");
    CHECK(refusal({"-qx"}) == "unknown option -x");
    CHECK(refusal({"-v=3"}) == "unknown option -=");
    CHECK(refusal({"--nothing=3"}) == "unknown option --nothing");
    CHECK(refusal({"-q", "-c"}) == "option -c needs a value");
    CHECK(refusal({"--timeout"}) == "option --timeout needs a value");
    CHECK(refusal({"--time", "3"}) == "unknown option --time");
    CHECK(refusal({"---"}) == "unknown option ---");
    CHECK(refusal({"-q", "--help", "-x"}) == "unknown option -x");
    CHECK(refusal({"--stdio=yes"}) == "option --stdio takes no value, not yes");
}

TEST_CASE("help and version are asked for before any position only") {
    CHECK(parse({"--help"}) == "help");
    CHECK(parse({"--version"}) == "help");
    CHECK(parse({"-q", "-c5", "--help", "--version", "x"}) == "help");
    CHECK(parse({"x", "--version"}) == "[x][--version]");
}

TEST_CASE("help has the usage and a line for each option, in two columns") {
    CHECK(tool().help() ==
          "A tool for tests.\n"
          "Usage: tool [OPTIONS] prog...\n"
          "\n"
          "Options:\n"
          "  --help             print this help\n"
          "  --version          print the version\n"
          "  -q                 no error messages\n"
          "  -Q                 print error messages (default)\n"
          "  -v                 print extra information; -vv prints more\n"
          "  -c N               a number\n"
          "  --stdio            a flag\n"
          "  --timeout SECONDS  a time\n");
}

TEST_CASE("of -q, -Q and -v the last counts, and a second -v tells more") {
    CHECK(verbosity_of({}) == Verbosity::Errors);
    CHECK(verbosity_of({"-q"}) == Verbosity::Quiet);
    CHECK(verbosity_of({"-q", "-v"}) == Verbosity::Connections);
    CHECK(verbosity_of({"-v", "-v"}) == Verbosity::Debug);
    CHECK(verbosity_of({"-v", "-v", "-Q"}) == Verbosity::Errors);
    CHECK(verbosity_of({"-v", "-q", "-v"}) == Verbosity::Connections);
    Verbosity verbosity = Verbosity::Errors;
    CHECK_FALSE(set_verbosity(verbosity, {"-c", "5"}));
}

TEST_CASE("numbers are decimal digits within their bounds") {
    CHECK(parse_number("port", "0", 0, 65'535) == 0);
    CHECK(parse_number("port", "65535", 1, 65'535) == 65'535);
    for (const char* text : {"", "0", "65536", "99999999999999999999999", "-1", "+1", " 1", "1 ",
                             "0x10", "abc", "1.5"}) {
        CHECK_THROWS_WITH_AS(
            static_cast<void>(parse_number("port", text, 1, 65'535)),
            (std::string("port ") + text + ": not a number from 1 to 65535").c_str(), UsageError);
    }
}
