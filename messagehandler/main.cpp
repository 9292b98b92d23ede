// curvecpmessage: makes reliable streams out of a CurveCP connection's messages.
#include "curvecp/posix/pipe.hpp"
#include "curvecp/posix/program_run.hpp"
#include "curvecp/posix/program_search.hpp"
#include "messagehandler/handler_loop.hpp"
#include "messagehandler/refusal.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace {

using namespace curvecp;

int handle(int argc, char** argv, messagehandler::Options& options, bool& started) {
    ignore_broken_pipes();
    if (!messagehandler::parse_options(argc, argv, options)) return 0;
    if (!options.stdio) options.program_path = find_program(options.program.front());
    messagehandler::prepare_message_descriptors();
    prepare_descriptors();
    Log log("curvecpmessage", options.verbosity);
    messagehandler::HandlerLoop loop(options, log);
    started = true;
    return loop.run();
}

// Where the command line is wrong, what its options were meant to say.
bool asks_for_client(std::span<char* const> arguments) {
    bool value_follows = false;
    for (const std::string_view argument :
         arguments.subspan(std::min<std::size_t>(arguments.size(), 1))) {
        const bool is_long = argument.starts_with("--");
        if (!argument.starts_with('-') && !value_follows) return false;
        if (argument.starts_with('-') && !is_long && argument.find_first_of("cC") != argument.npos)
            return true;
        value_follows = is_long;
    }
    return false;
}

bool is_client(const messagehandler::Options& options, std::span<char* const> arguments) {
    const bool understood = options.stdio || !options.program.empty();
    return understood ? options.config.role != messagehandler::Role::Server
                      : asks_for_client(arguments);
}

}  // namespace

int main(int argc, char** argv) {
    messagehandler::Options options;
    bool started = false;
    const int exit_code = run_program("curvecpmessage", options.verbosity,
                                      [&] { return handle(argc, argv, options, started); });
    const std::span<char* const> arguments(argv, static_cast<std::size_t>(argc));
    if (exit_code != 0 && !started && !is_client(options, arguments))
        messagehandler::refuse_client();
    return exit_code;
}
