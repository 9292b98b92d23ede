#include "curvecp/posix/command_line.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

namespace curvecp {
namespace {

using Arguments = std::span<char* const>;

std::string take_first(Arguments& rest) {
    std::string first = rest.front();
    rest = rest.subspan(1);
    return first;
}

std::string take_value(const std::string& name, Arguments& rest) {
    if (rest.empty()) throw UsageError("option " + name + " needs a value");
    return take_first(rest);
}

bool asks_for(std::string_view name, const std::vector<CommandLine::Option>& options) {
    return std::any_of(options.begin(), options.end(),
                       [name](const auto& option) { return option.name == name; });
}

void print(const std::string& text) {
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) {
        throw StartError("cannot write to stdout", errno);
    }
}

}  // namespace

CommandLine::CommandLine(std::string_view program, std::string_view positions,
                         std::string_view description)
    : program_(program), positions_(positions), description_(description) {
    add_flag("--help", "print this help");
    add_flag("--version", "print the version");
}

void CommandLine::add_flag(const std::string& name, const std::string& help) {
    add_value(name, "", help);
}

void CommandLine::add_value(const std::string& name, const std::string& placeholder,
                            const std::string& help) {
    definitions_.push_back({name, placeholder, help});
}

void CommandLine::add_verbosity() {
    add_flag("-q", "no error messages");
    add_flag("-Q", "print error messages (default)");
    add_flag("-v", "print extra information; -vv prints more");
}

const CommandLine::Definition& CommandLine::definition(const std::string& name) const {
    const auto found = std::find_if(definitions_.begin(), definitions_.end(),
                                    [&](const Definition& one) { return one.name == name; });
    if (found == definitions_.end()) throw UsageError("unknown option " + name);
    return *found;
}

void CommandLine::take_long(Arguments& rest, std::vector<Option>& options) const {
    const std::string first = take_first(rest);
    const std::size_t equals = std::min(first.find('='), first.size());
    const Definition& option = definition(first.substr(0, equals));
    const bool joined = equals != first.size();
    std::string value = joined ? first.substr(equals + 1) : "";
    if (option.placeholder.empty()) {
        if (joined) throw UsageError("option " + option.name + " takes no value, not " + value);
    } else if (!joined) {
        value = take_value(option.name, rest);
    }
    options.push_back({option.name, std::move(value)});
}

void CommandLine::take_group(Arguments& rest, std::vector<Option>& options) const {
    const std::string first = take_first(rest);
    for (std::size_t i = 1; i < first.size(); ++i) {
        const Definition& option = definition(std::string("-") + first[i]);
        if (option.placeholder.empty()) {
            options.push_back({option.name, ""});
            continue;
        }
        const bool joined = i + 1 < first.size();
        options.push_back(
            {option.name, joined ? first.substr(i + 1) : take_value(option.name, rest)});
        return;
    }
}

std::optional<CommandLine::Parsed> CommandLine::parse(int argc, char** argv) const {
    Arguments rest(argv + std::min(argc, 1), argv + argc);
    Parsed parsed;
    while (!rest.empty() && rest.front()[0] == '-') {
        const std::string_view first = rest.front();
        if (first == "-" || first == "--") {
            rest = rest.subspan(1);
            break;
        }
        if (first.starts_with("--")) {
            take_long(rest, parsed.options);
        } else {
            take_group(rest, parsed.options);
        }
    }
    if (asks_for("--help", parsed.options)) {
        print(help());
        return std::nullopt;
    }
    if (asks_for("--version", parsed.options)) {
        print(program_ + " " CURVECP_VERSION "\n");
        return std::nullopt;
    }
    parsed.positions.assign(rest.begin(), rest.end());
    return parsed;
}

std::string CommandLine::help() const {
    const auto left_of = [](const Definition& option) {
        return "  " + option.name + (option.placeholder.empty() ? "" : " ") + option.placeholder;
    };
    std::size_t width = 0;
    for (const Definition& option : definitions_) width = std::max(width, left_of(option).size());
    std::string text =
        description_ + "\nUsage: " + program_ + " [OPTIONS] " + positions_ + "\n\nOptions:\n";
    for (const Definition& option : definitions_) {
        std::string left = left_of(option);
        left.resize(width + 2, ' ');
        text += left + option.help + "\n";
    }
    return text;
}

bool set_verbosity(Verbosity& verbosity, const CommandLine::Option& option) noexcept {
    if (option.name == "-q") {
        verbosity = Verbosity::Quiet;
    } else if (option.name == "-Q") {
        verbosity = Verbosity::Errors;
    } else if (option.name == "-v") {
        verbosity = verbosity < Verbosity::Connections ? Verbosity::Connections : Verbosity::Debug;
    } else {
        return false;
    }
    return true;
}

std::uint64_t parse_number(std::string_view what, std::string_view text, std::uint64_t smallest,
                           std::uint64_t largest) {
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stop != text.data() + text.size() || number < smallest ||
        number > largest) {
        throw UsageError(std::string(what) + " " + std::string(text) + ": not a number from " +
                         std::to_string(smallest) + " to " + std::to_string(largest));
    }
    return number;
}

}  // namespace curvecp
