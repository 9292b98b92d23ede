#include "curvecp/posix/log.hpp"

#include "curvecp/core/json.hpp"
#include "curvecp/core/printable.hpp"
#include "curvecp/posix/clock.hpp"

#include <cerrno>

#include <unistd.h>

namespace curvecp {
namespace {

// What cannot be told is not told: there is nobody to tell it to.
void write_all(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t size = ::write(STDERR_FILENO, text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

}  // namespace

void Log::append(std::string& line, Duration duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    line += std::to_string(ms / 1000) + "." + std::to_string(1000 + ms % 1000).substr(1) + " s";
}

void Log::write_line(std::string_view level, const std::string& message) const {
    if (format_ == LogFormat::Json) {
        JsonObject line;
        line.add("time", std::string_view(to_text(wall_time())))
            .add("level", level)
            .add("program", std::string_view(program_))
            .add("message", std::string_view(message));
        write_all(std::move(line).take() + "\n");
        return;
    }
    const bool is_trouble = level == "fatal" || level == "error";
    // What was named on a command line may hold anything; a line stays one line.
    write_all(program_ + ": " + (is_trouble ? std::string(level) + ": " : std::string()) +
              escape_controls(message) + "\n");
}

}  // namespace curvecp
