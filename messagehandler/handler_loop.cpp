#include "messagehandler/handler_loop.hpp"

#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"
#include "messagehandler/local_way.hpp"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace curvecp::messagehandler {

namespace {

// Ours: so long is waited for the status of a program that is ending, which takes a busy machine a
// while.
constexpr Duration kExitGrace = std::chrono::seconds(5);
constexpr std::size_t kReadSize = std::size_t{64} * 1024;  // ours: what a pipe holds

Program start_program(const Options& options) {
    if (options.stdio) return standard_streams();
    return start_program(options.program_path, options.program, options.config.role);
}

std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

StreamPair::Config with_way(StreamPair::Config config) {
    config.one_machine = on_one_machine(variable("CURVECPLOCALIP"), variable("CURVECPREMOTEIP"));
    return config;
}

std::optional<TraceFile> open_trace(const Options& options, Log& log, TimePoint start) {
    if (!options.trace) return std::nullopt;
    return TraceFile(*options.trace, log, start);
}

}  // namespace

void prepare_message_descriptors() {
    for (const int fd : {kFromPeer, kToPeer}) {
        if (fcntl(fd, F_GETFD) < 0) {
            throw StartError("descriptor " + std::to_string(fd) +
                             " is not open: run this from curvecpserver or curvecpclient");
        }
        if (!set_nonblocking(fd)) {
            throw StartError("descriptor " + std::to_string(fd), errno);
        }
    }
}

HandlerLoop::HandlerLoop(const Options& options, Log& log)
    : log_(log),
      stdio_(options.stdio),
      start_(now()),
      pair_(with_way(options.config), now()),
      trace_(open_trace(options, log, start_)),
      read_buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kReadSize)),
      program_(start_program(options)),
      from_peer_(kFromPeer),
      to_peer_(kToPeer),
      messages_(loop_, from_peer_.get(), Readiness::Readable, [this] { on_messages(); }),
      messages_writable_(loop_, to_peer_.get(), Readiness::Writable, [] {}),
      deadline_(loop_, [] {}),
      before_wait_(loop_, [this] { before_wait(); }) {
    output_.emplace(loop_, program_.output.fd(), Readiness::Readable, [this] { on_output(); });
    input_writable_.emplace(loop_, program_.input.fd(), Readiness::Writable,
                            [this] { input_waits_ = false; });
    messages_writable_.stop();
    input_writable_->stop();
    if (stdio_) return;
    reaper_.emplace(loop_, [this](pid_t pid, int status) { on_child_exit(pid, status); });
    log_.info("program ", options.program.front(), ", process ", program_.pid);
}

int HandlerLoop::run() {
    loop_.run();
    return exit_code_;
}

// --- the peer

void HandlerLoop::on_messages() {
    const MutableBytes room = reader_.prepare({read_buffer_.get(), kReadSize});
    const ssize_t size = read(from_peer_.get(), room.data(), room.size());
    const bool nothing = size < 0 && (errno == EAGAIN || errno == EINTR);
    if (size <= 0 && !nothing) return lose_connection("the connection was closed");
    // Also where nothing came: next() keeps the incomplete frame that is in the buffer now.
    reader_.received(nothing ? 0 : static_cast<std::size_t>(size));
    const TimePoint time = now();
    while (true) {
        const FrameReader::Next next = reader_.next();
        if (std::holds_alternative<FrameReader::NeedMore>(next)) return;
        const auto* message = std::get_if<MutableBytes>(&next);
        if (message == nullptr) return lose_connection("a bad length byte on descriptor 8");
        pair_.on_message(time, *message);
    }
}

void HandlerLoop::send_messages() {
    while (connected_) {
        const FrameBatch::Status status = batch_.write(to_peer_.get());
        if (status == FrameBatch::Status::Closed)
            return lose_connection("nobody reads descriptor 9");
        if (status == FrameBatch::Status::Full) return;
        const TimePoint time = now();
        while (batch_.has_room()) {
            const std::size_t size = pair_.next_message(time, batch_.room());
            if (size == 0) break;
            batch_.add(size);
        }
        if (batch_.empty()) return;
    }
}

// --- the program

bool HandlerLoop::reads_output() {
    return program_.output.open() && !pair_.output_ended() && !pair_.output_room().empty();
}

void HandlerLoop::on_output() {
    if (!reads_output()) return;
    const ByteChannel::Result result = program_.output.read(pair_.output_room());
    switch (result.status) {
        case ByteChannel::Status::Ok:
            pair_.commit_output(result.size);
            break;
        case ByteChannel::Status::WouldWait:
            break;
        case ByteChannel::Status::Closed:
            end_output_when_exit_is_known();
            break;
        case ByteChannel::Status::Failed:
            log_.error("cannot read the output: ", std::strerror(errno));
            failed_ = true;
            end_output();
            break;
    }
}

// A program that is killed closes its output a little before it can be known that it was killed.
void HandlerLoop::end_output_when_exit_is_known() {
    output_.reset();
    program_.output.close();
    const bool ending = reaper_ && !program_exit_code_ && is_ending(program_.pid).value_or(true);
    if (!ending) return end_output();
    output_ends_ = now() + kExitGrace;
    reaper_->reap();
}

// Specification: a failure where the program is known to have been killed.
void HandlerLoop::end_output() {
    output_ends_.reset();
    if (reaper_) reaper_->reap();
    output_.reset();
    program_.output.close();
    pair_.end_output(failed_ ? Ending::Failure : Ending::Success);
    note_exit();
}

void HandlerLoop::on_child_exit(pid_t pid, int wait_status) {
    if (pid != program_.pid) return;
    if (const auto signal = signal_of(wait_status)) {
        log_.error("the program was killed by signal ", *signal);
        failed_ = true;
    }
    program_exit_code_ = exit_code_of(wait_status).value_or(kExitFailure);
    if (output_ends_) end_output();
    note_exit();
}

// Standard streams count as a program that has exited when both are closed.
void HandlerLoop::note_exit() {
    const bool streams_gone = stdio_ && !program_.output.open() && !program_.input.open();
    if (program_exit_code_ || streams_gone) pair_.on_program_exit(now());
}

void HandlerLoop::feed_program() {
    while (program_.input.open() && !input_waits_) {
        const Bytes bytes = pair_.input();
        if (bytes.empty()) break;
        const ByteChannel::Result result = program_.input.write(bytes);
        switch (result.status) {
            case ByteChannel::Status::Ok:
                pair_.consume_input(now(), result.size);
                break;
            case ByteChannel::Status::WouldWait:
                input_waits_ = true;
                break;
            case ByteChannel::Status::Failed:
                log_.error("cannot write the input: ", std::strerror(errno));
                failed_ = true;
                [[fallthrough]];
            case ByteChannel::Status::Closed:
                pair_.discard_input(now());
                close_program_input();
                break;
        }
    }
    const auto end = pair_.input_end();
    if (!end || !program_.input.open()) return;
    if (*end == Ending::Failure) {
        log_.error("the other side failed: its stream is not complete");
        peer_failed_ = true;
    }
    close_program_input();
}

void HandlerLoop::close_program_input() {
    input_writable_.reset();
    program_.input.close();
    note_exit();
}

// --- rounds of the loop

void HandlerLoop::before_wait() {
    if (output_ends_ && now() >= *output_ends_) end_output();
    feed_program();
    send_messages();
    if (trace_) trace_->write(now(), pair_);
    watch();
    finish_when_done();
}

void HandlerLoop::watch() {
    if (output_) {
        if (reads_output()) {
            output_->start();
        } else {
            output_->stop();
        }
    }
    if (input_writable_) {
        if (input_waits_) {
            input_writable_->start();
        } else {
            input_writable_->stop();
        }
    }
    if (!connected_) return;
    // While the way out is blocked, time brings nothing new to send.
    if (batch_.empty()) {
        messages_writable_.stop();
        deadline_.set(earlier(pair_.next_deadline(), output_ends_));
    } else {
        messages_writable_.start();
        deadline_.set(output_ends_);
    }
}

void HandlerLoop::finish_when_done() {
    switch (pair_.status()) {
        case StreamPair::Status::Running:
        case StreamPair::Status::Lingering:
            if (connected_) return;
            break;
        case StreamPair::Status::PeerVanished:
            return lose_connection("the peer has vanished: no answer for " +
                                   std::to_string(pair_.patience() / std::chrono::seconds(1)) +
                                   " s");
        case StreamPair::Status::Idle:
            return lose_connection("idle: no byte of either stream for the idle timeout");
        case StreamPair::Status::BlocksVanish:
            return lose_connection(
                "the peer answers, but no full-size block gets through: the path may drop packets "
                "above 1200 bytes; --max-block 512 makes them smaller");
        case StreamPair::Status::Done:
            close_connection();
            break;
    }
    const bool exited =
        stdio_ ? !program_.input.open() || !pair_.input_complete() : program_exit_code_.has_value();
    if (exited) finish(exit_code());
}

// Specification: at once, and with the program's status where only lingering was left.
void HandlerLoop::lose_connection(std::string_view why) {
    if (!connected_) return;
    if (pair_.output_complete() && pair_.input_complete()) return close_connection();
    log_.fatal(why);
    finish(kExitFailure);
}

// The server and the client take the end of descriptor 9 for the end of the connection.
void HandlerLoop::close_connection() {
    connected_ = false;
    messages_.stop();
    messages_writable_.stop();
    deadline_.set(std::nullopt);
    from_peer_.reset();
    to_peer_.reset();
}

int HandlerLoop::exit_code() {
    const int program = stdio_ ? 0 : *program_exit_code_;
    if (program != 0) return program;
    return (stdio_ && failed_) || peer_failed_ ? kExitFailure : 0;
}

void HandlerLoop::tell_statistics() {
    if (!log_.tells(Verbosity::Connections)) return;
    const TransferStatistics& statistics = pair_.recovery().statistics();
    const Duration duration = now() - start_;
    const StreamPosition sent =
        std::min(pair_.output().blocks().acknowledged(), pair_.output().written());
    log_.info("sent ", sent.value, " bytes, received ", pair_.received().value, " in ", duration,
              "; round-trip time ", pair_.rtt().smoothed(), ", at least ", pair_.rtt().minimum(),
              "; ", statistics.retransmitted, " of ", statistics.blocks, " blocks sent again, ",
              statistics.spurious, " in vain");
}

void HandlerLoop::finish(int exit_code) {
    tell_statistics();
    if (trace_) trace_->write_last(now(), pair_);
    exit_code_ = exit_code;
    loop_.stop();
}

}  // namespace curvecp::messagehandler
