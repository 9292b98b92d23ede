// Ties a program that speaks on descriptors 6 and 7 to a client that speaks on 0 and 1, such as one
// of TLS:
//
//     bench_joint CLIENT... -- PROGRAM...
//
// Its exit code is the program's.
#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/pipe.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace curvecp;
using Words = std::vector<std::string>;

Started start_on(const Words& words, const Fd& read_end, int read_as, const Fd& write_end,
                 int write_as) {
    const std::array<DescriptorMapping, 2> descriptors{
        {{read_end.get(), read_as}, {write_end.get(), write_as}}};
    const auto environment = current_environment();
    return start({words, environment, descriptors});
}

int exit_code_of_child(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return exit_code_of(status).value_or(111);
}

int join(const Words& client_words, const Words& program_words) {
    Pipe down = make_pipe(Blocking::Both);
    Pipe up = make_pipe(Blocking::Both);
    const Started client = start_on(client_words, up.read, 0, down.write, 1);
    const Started program = start_on(program_words, down.read, 6, up.write, 7);
    // Only the two have them now, so that each sees the other's end.
    down = Pipe{};
    up = Pipe{};
    if (!client || !program) return 111;
    const int exit_code = exit_code_of_child(program.pid);
    kill(client.pid, SIGTERM);
    return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    const Words words(argv + 1, argv + argc);
    const auto separator = std::find(words.begin(), words.end(), "--");
    if (separator == words.end()) {
        static_cast<void>(std::fputs("usage: bench_joint CLIENT... -- PROGRAM...\n", stderr));
        return 100;
    }
    return join({words.begin(), separator}, {separator + 1, words.end()});
}
