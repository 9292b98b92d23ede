#include "curvecp/posix/log.hpp"

#include <algorithm>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace curvecp {
namespace {

// What was named on a command line may hold anything; a line stays one line.
void make_printable(std::string& line) noexcept {
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
}

}  // namespace

Log::Log(std::string_view program, Verbosity verbosity)
    : logger_(std::make_unique<spdlog::logger>(std::string(program),
                                               std::make_shared<spdlog::sinks::stderr_sink_st>())),
      verbosity_(verbosity) {
    logger_->set_pattern("%n: %v");
    logger_->set_level(spdlog::level::trace);
}

Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

void Log::append(std::string& line, Duration duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    line += std::to_string(ms / 1000) + "." + std::to_string(1000 + ms % 1000).substr(1) + " s";
}

void Log::write_line(std::string line) {
    make_printable(line);
    logger_->log(spdlog::level::info, spdlog::string_view_t(line));
}

}  // namespace curvecp
