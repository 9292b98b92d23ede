#include "messagehandler/program.hpp"

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/pipe.hpp"

#include <cerrno>

namespace curvecp::messagehandler {

namespace {

Pipe need_pipe(Blocking blocking) {
    Pipe pipe = make_pipe(blocking);
    if (!pipe.read) throw StartError("cannot create a pipe", errno);
    return pipe;
}

}  // namespace

Program start_program(const std::string& path, const std::vector<std::string>& arguments,
                      Role role) {
    Pipe input = need_pipe(Blocking::ReadEnd);
    Pipe output = need_pipe(Blocking::WriteEnd);
    const bool server = role == Role::Server;
    const std::array<DescriptorMapping, 2> descriptors{{
        {input.read.get(), server ? 0 : 6},
        {output.write.get(), server ? 1 : 7},
    }};
    const auto environment = current_environment();
    const Started started = start({.arguments = arguments,
                                   .environment = environment,
                                   .descriptors = descriptors,
                                   .path = path});
    if (!started) throw StartError("program " + arguments.front(), started.error);
    return {started.pid, ByteChannel(std::move(output.read)), ByteChannel(std::move(input.write))};
}

Program standard_streams() {
    return {-1, ByteChannel::standard_input(), ByteChannel::standard_output()};
}

}  // namespace curvecp::messagehandler
