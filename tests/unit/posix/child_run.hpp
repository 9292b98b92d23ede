// Programs that tests start, and what comes of them.
#pragma once

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/pipe.hpp"

#include <array>

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

namespace curvecp::testing {

inline std::string read_all(const Fd& fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t size = 0;
    while ((size = read(fd.get(), buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
}

inline int status_of(pid_t pid) {
    int status = -1;
    waitpid(pid, &status, 0);
    return status;
}

struct Run {
    std::vector<std::string> arguments;
    std::vector<std::string> environment = current_environment();
    std::vector<DescriptorMapping> descriptors = {};
    ProcessGroup group = ProcessGroup::Parents;
    Confinement confinement = {};

    [[nodiscard]] Started operator()() const {
        return start({.arguments = arguments,
                      .environment = environment,
                      .descriptors = descriptors,
                      .group = group,
                      .confinement = &confinement});
    }
    // Its output on descriptor 1.
    [[nodiscard]] std::string output() {
        Pipe pipe = make_pipe(Blocking::Both);
        descriptors.push_back({pipe.write.get(), 1});
        const Started started = (*this)();
        pipe.write.reset();
        if (!started) return "not started";
        std::string text = read_all(pipe.read);
        CHECK(exit_code_of(status_of(started.pid)) == 0);
        return text;
    }
};

inline Run shell(const std::string& script) {
    return {{"sh", "-c", script}};
}

}  // namespace curvecp::testing
