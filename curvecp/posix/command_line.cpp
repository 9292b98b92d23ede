#include "curvecp/posix/command_line.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <map>
#include <span>

#include <CLI/CLI.hpp>

namespace curvecp {
namespace {

using Arguments = std::vector<std::string>;

bool takes_value(const CLI::App& app, const std::string& option) {
    const CLI::Option* const found = app.get_option_no_throw(option);
    if (found == nullptr) throw UsageError("unknown option " + option);
    return found->get_items_expected_min() > 0;
}

// How many arguments an option at the front of `rest` takes: one, or two with its value.
std::size_t size_of_option(const CLI::App& app, std::span<const std::string> rest) {
    const std::string& first = rest.front();
    std::string name = first;
    bool wants_next = false;
    if (first.starts_with("--")) {
        const std::size_t equals = first.find('=');
        name = first.substr(0, equals);
        const bool wants_value = takes_value(app, name);
        if (!wants_value && equals != std::string::npos) {
            throw UsageError("option " + name + " takes no value, not " + first.substr(equals + 1));
        }
        wants_next = wants_value && equals == std::string::npos;
    } else {
        for (std::size_t i = 1; i < first.size(); ++i) {
            name = std::string("-") + first[i];
            if (!takes_value(app, name)) continue;
            wants_next = i + 1 == first.size();
            break;
        }
    }
    if (wants_next && rest.size() < 2) throw UsageError("option " + name + " needs a value");
    return wants_next ? 2 : 1;
}

// Takes the options off the front of `rest`, and what ends them.
Arguments split_options(const CLI::App& app, std::span<const std::string>& rest) {
    Arguments options;
    while (!rest.empty() && rest.front().starts_with('-')) {
        if (rest.front() == "-" || rest.front() == "--") {
            rest = rest.subspan(1);
            break;
        }
        const std::size_t size = size_of_option(app, rest);
        options.insert(options.end(), rest.begin(),
                       rest.begin() + static_cast<std::ptrdiff_t>(size));
        rest = rest.subspan(size);
    }
    return options;
}

// Help with our positions in its usage line: CLI11 is not told of them, since it would parse them.
class Help : public CLI::Formatter {
  public:
    explicit Help(std::string positions) : positions_(std::move(positions)) {}

    std::string make_usage(const CLI::App* app, std::string name) const override {
        return "Usage: " + (name.empty() ? app->get_name() : name) + " [OPTIONS] " + positions_ +
               "\n\n";
    }

  private:
    std::string positions_;
};

}  // namespace

CommandLine::CommandLine(std::string_view program, std::string_view positions,
                         std::string_view description)
    : app_(std::make_unique<CLI::App>(std::string(description), std::string(program))) {
    app_->formatter(std::make_shared<Help>(std::string(positions)));
    app_->set_help_flag("--help", "print this help");
    app_->set_version_flag("--version", std::string(program) + " " CURVECP_VERSION,
                           "print the version");
}

CommandLine::~CommandLine() = default;

void CommandLine::add_flag(const std::string& name, const std::string& help) {
    app_->add_flag(name, help)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void CommandLine::add_value(const std::string& name, const std::string& placeholder,
                            const std::string& help) {
    app_->add_option(name, help)
        ->type_name(placeholder)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void CommandLine::add_verbosity() {
    add_flag("-q", "no error messages");
    add_flag("-Q", "print error messages (default)");
    add_flag("-v", "print extra information; -vv prints more");
}

std::optional<CommandLine::Parsed> CommandLine::parse(int argc, char** argv) {
    const Arguments all(argv + std::min(argc, 1), argv + argc);
    std::span<const std::string> rest(all);
    Arguments options = split_options(*app_, rest);
    std::reverse(options.begin(), options.end());  // as CLI11 wants them
    try {
        app_->parse(std::move(options));
    } catch (const CLI::CallForHelp&) {
        std::cout << app_->help();
        return std::nullopt;
    } catch (const CLI::CallForVersion&) {
        std::cout << app_->version() << '\n';
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw UsageError(error.what());
    }
    Parsed parsed;
    std::map<const CLI::Option*, std::size_t> seen;
    for (const CLI::Option* const option : app_->parse_order()) {
        const bool flag = option->get_items_expected_min() == 0;
        const std::size_t index = seen[option]++;
        parsed.options.push_back({option->get_single_name().size() == 1
                                      ? "-" + option->get_single_name()
                                      : "--" + option->get_single_name(),
                                  flag ? std::string() : option->results().at(index)});
    }
    parsed.positions.assign(rest.begin(), rest.end());
    return parsed;
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
