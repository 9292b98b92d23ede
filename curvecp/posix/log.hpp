// Lines on stderr, one write each: "curvecpserver: error: ...". There is no global log: who wants
// to tell something is given one.
#pragma once

#include "curvecp/core/time.hpp"

#include <concepts>
#include <new>
#include <string>
#include <string_view>

namespace curvecp {

enum class Verbosity {
    Quiet,        // -q
    Errors,       // -Q, the default
    Connections,  // -v
    Debug,        // -vv
};

// Text for people; JSON, an object on each line, for what collects logs: time, level, program and
// message.
enum class LogFormat { Text, Json };

class Log {
  public:
    // `program` is the name in front of each line.
    Log(std::string_view program, Verbosity verbosity, LogFormat format = LogFormat::Text)
        : program_(program), verbosity_(verbosity), format_(format) {}

    [[nodiscard]] bool tells(Verbosity verbosity) const noexcept { return verbosity <= verbosity_; }

    // Each takes texts, numbers and durations (in seconds) and joins them, and costs a comparison
    // where it is not wanted. fatal: the program cannot go on. error: something failed. info:
    // connections. debug: the rest. notice: what somebody has asked for.
    template <class... Parts>
    void fatal(const Parts&... parts) {
        if (tells(Verbosity::Errors)) write("fatal", parts...);
    }
    template <class... Parts>
    void error(const Parts&... parts) {
        if (tells(Verbosity::Errors)) write("error", parts...);
    }
    template <class... Parts>
    void notice(const Parts&... parts) {
        if (tells(Verbosity::Errors)) write("notice", parts...);
    }
    template <class... Parts>
    void info(const Parts&... parts) {
        if (tells(Verbosity::Connections)) write("info", parts...);
    }
    template <class... Parts>
    void debug(const Parts&... parts) {
        if (tells(Verbosity::Debug)) write("debug", parts...);
    }

  private:
    static void append(std::string& line, std::string_view text) { line += text; }
    static void append(std::string& line, Duration duration);
    static void append(std::string& line, std::integral auto number) {
        line += std::to_string(number);
    }

    // A line that there is no memory for is not told.
    template <class... Parts>
    void write(std::string_view level, const Parts&... parts) {
        try {
            std::string message;
            (append(message, parts), ...);
            write_line(level, message);
        } catch (const std::bad_alloc&) {
        }
    }
    void write_line(std::string_view level, const std::string& message) const;

    std::string program_;
    Verbosity verbosity_;
    LogFormat format_;
};

}  // namespace curvecp
