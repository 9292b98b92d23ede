// Command lines in the manner of UCSPI programs, the same in all tools: options first, grouped or
// not (-qc5), until `--`, a lone `-` or the first position; from there on everything is passed on
// verbatim, even where it begins with `-`. Repeated options: the last counts. There is no library
// for it: those for C++ bring iostreams and locales, 70 KiB of private memory for each message
// handler, and getopt_long() takes shortened names and tells of them in words of its own.
#pragma once

#include "curvecp/posix/log.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace curvecp {

class CommandLine {
  public:
    // `positions` is what follows the options in the usage line of --help.
    CommandLine(std::string_view program, std::string_view positions, std::string_view description);

    // Options beside --help and --version; `name` is "-q" or "--stdio".
    void add_flag(const std::string& name, const std::string& help);
    void add_value(const std::string& name, const std::string& placeholder,
                   const std::string& help);
    // -q, -Q and -v; see set_verbosity().
    void add_verbosity();

    struct Option {
        std::string name;
        std::string value;  // empty for a flag
    };
    struct Parsed {
        std::vector<Option> options;  // in the order of the command line
        std::vector<std::string> positions;
    };
    // nullopt where --help or --version was asked for, which is then printed on stdout. Throws
    // UsageError for an unknown option or a missing value.
    [[nodiscard]] std::optional<Parsed> parse(int argc, char** argv) const;
    // What --help prints.
    [[nodiscard]] std::string help() const;

  private:
    struct Definition {
        std::string name;
        std::string placeholder;  // empty for a flag
        std::string help;
    };
    using Arguments = std::span<char* const>;

    [[nodiscard]] const Definition& definition(const std::string& name) const;
    // Takes the option or the group of options at the front of `rest`, with its value.
    void take_long(Arguments& rest, std::vector<Option>& options) const;
    void take_group(Arguments& rest, std::vector<Option>& options) const;

    std::string program_;
    std::string positions_;
    std::string description_;
    std::vector<Definition> definitions_;
};

// True, and `verbosity` changed, where the option is -q, -Q or -v; a second -v tells more.
bool set_verbosity(Verbosity& verbosity, const CommandLine::Option& option) noexcept;

// The value of an option or position: decimal digits only, smallest..largest. Throws a UsageError
// that names `what` and the value.
[[nodiscard]] std::uint64_t parse_number(std::string_view what, std::string_view text,
                                         std::uint64_t smallest, std::uint64_t largest);

}  // namespace curvecp
