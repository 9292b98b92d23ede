#include "curvecp/posix/log.hpp"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

namespace curvecp {
namespace {

// What was named on a command line may hold anything; a line stays one line.
void make_printable(std::string& line) noexcept {
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
}

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

void Log::write_line(std::string& line) {
    make_printable(line);
    line += '\n';
    write_all(line);
}

}  // namespace curvecp
