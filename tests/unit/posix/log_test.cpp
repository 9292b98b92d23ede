#include "curvecp/posix/log.hpp"

#include "curvecp/posix/pipe.hpp"

#include <array>

#include <doctest/doctest.h>

#include <unistd.h>

using namespace curvecp;

namespace {

// What is written to stderr while `work` runs.
template <class Work>
std::string stderr_of(Work work) {
    const Pipe pipe = make_pipe(Blocking::None);
    const Fd old(dup(2));
    dup2(pipe.write.get(), 2);
    work();
    dup2(old.get(), 2);
    std::array<char, 4096> text{};
    const ssize_t size = read(pipe.read.get(), text.data(), text.size());
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string all_of(Verbosity verbosity) {
    return stderr_of([verbosity] {
        Log log("curvecpserver", verbosity);
        log.fatal("no port ", 99999);
        log.error("no handler");
        log.info("connection ", 1, " from ", std::string("::1"));
        log.debug("noise");
    });
}

}  // namespace

TEST_CASE("each verbosity tells what the one below tells, and more") {
    const std::string errors =
        "curvecpserver: fatal: no port 99999\ncurvecpserver: error: no handler\n";
    const std::string connections = errors + "curvecpserver: connection 1 from ::1\n";
    CHECK(all_of(Verbosity::Quiet).empty());
    CHECK(all_of(Verbosity::Errors) == errors);
    CHECK(all_of(Verbosity::Connections) == connections);
    CHECK(all_of(Verbosity::Debug) == connections + "curvecpserver: noise\n");
}

TEST_CASE("a line stays one line, and braces and percent signs are nothing special") {
    CHECK(stderr_of([] { Log("p", Verbosity::Errors).error("bad\nname \x1b[0m {} %v\x7f"); }) ==
          "p: error: bad\\x0aname \\x1b[0m {} %v\\x7f\n");
}
