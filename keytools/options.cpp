#include "keytools/options.hpp"

#include "curvecp/posix/failure.hpp"

#include <CLI/CLI.hpp>

namespace curvecp::keytools {

std::variant<Options, Text> parse_options(const Tool& tool, int argc, char** argv) {
    Options options;
    CLI::App app(tool.description, tool.name);
    app.set_version_flag("--version", tool.name + " " + CURVECP_VERSION);
    // Not required(): CLI11 would tell of a missing KEYDIR before it tells of an unknown option.
    const auto* const position =
        app.add_option("KEYDIR", options.key_directory, "The key directory");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        return Text{app.help()};
    } catch (const CLI::CallForVersion& version) {
        return Text{std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
        throw UsageError(error.what());
    }
    if (position->count() == 0) throw UsageError("KEYDIR is missing");
    if (options.key_directory.empty()) throw UsageError("KEYDIR is empty");
    return options;
}

}  // namespace curvecp::keytools
