#include "client/client_loop.hpp"

#include "client/extension_file.hpp"
#include "curvecp/core/hex.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/child_process.hpp"
#include "curvecp/posix/clock.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/key_directory.hpp"

#include <csignal>
#include <cstring>

namespace curvecp::client {
namespace {

// Ours, the same as the server gives its handlers when it stops.
constexpr Duration kGrace = std::chrono::milliseconds(500);
constexpr Duration kAfterTerm = std::chrono::milliseconds(350);

bool is_v4(const Address& address) noexcept {
    return address.ip.is_v4();
}

// One socket reaches both families. A machine without IPv6 asks the IPv4 addresses alone.
UdpSocket open_socket(std::vector<Address>& addresses) {
    const bool any_v4 = std::any_of(addresses.begin(), addresses.end(), is_v4);
    const bool any_v6 = !std::all_of(addresses.begin(), addresses.end(), is_v4);
    if (!any_v6) return UdpSocket::open(false);
    try {
        return UdpSocket::open(true);
    } catch (const StartError&) {
        if (!any_v4) throw;
    }
    std::erase_if(addresses, [](const Address& address) { return !is_v4(address); });
    return UdpSocket::open(false);
}

// Who the client is, and the nonce that it needs under its long-term key.
std::pair<ClientIdentity, LongTermNonces> open_keys(const std::string& directory) {
    if (!directory.empty()) {
        KeyDirectory keys(directory);
        LongTermNonces nonces(keys.nonce_key());
        nonces.add_block(keys.take_nonce_counters(1), 1);
        return {ClientIdentity{keys.public_key(), keys.secret_key()}, std::move(nonces)};
    }
    // A key of this run alone: no other process can use a nonce under it.
    KeyPair made_up = make_key_pair();
    NonceKey nonce_key;
    fill_random(nonce_key.reveal());
    LongTermNonces nonces(Locked<NonceKey>(std::move(nonce_key)));
    nonces.add_block(0, 1);
    return {ClientIdentity{made_up.public_key, Locked<SecretKey>(std::move(made_up.secret_key))},
            std::move(nonces)};
}

// The server's name moves out of the options: it has to be forgotten some day.
Setup make_setup(Options& options, std::vector<Address> addresses) {
    auto [identity, nonces] = open_keys(options.key_directory);
    return {.identity = std::move(identity),
            .nonces = std::move(nonces),
            .server = std::move(options.server),
            .addresses = std::move(addresses),
            .extension = read_extension()};
}

std::string to_text(std::span<const Address> addresses) {
    std::string text;
    for (const Address& address : addresses) {
        if (!text.empty()) text += ", ";
        text += curvecp::to_text(address);
    }
    return text;
}

}  // namespace

ClientLoop::ClientLoop(Options& options, Log& log) : ClientLoop(options, options.addresses, log) {}

ClientLoop::ClientLoop(Options& options, std::vector<Address> addresses, Log& log)
    : log_(log),
      arguments_(options.handler),
      server_name_(options.server_name_text),
      server_long_term_(options.server.long_term),
      server_extension_(options.server.extension),
      socket_(open_socket(addresses)),
      client_(now(), make_setup(options, std::move(addresses))),
      read_buffer_(HandlerProcess::kReadBufferSize),
      started_(now()),
      datagrams_(loop_, socket_.fd(), Readiness::Readable, [this] { on_datagrams(); }),
      deadline_(loop_, [this] { on_deadline(); }),
      before_wait_(loop_, [this] { socket_.flush(); }),
      reaper_(loop_, [this](pid_t pid, int wait_status) { on_child_exit(pid, wait_status); }),
      on_term_(loop_, SIGTERM, [this] { on_signal(SIGTERM); }),
      on_int_(loop_, SIGINT, [this] { on_signal(SIGINT); }) {
    if (!client_.locked()) log_.info("keys may be swapped out: the limit on locked memory");
}

Outcome ClientLoop::run() {
    wipe_traces();
    ask();
    loop_.run();
    return outcome_;
}

void ClientLoop::on_deadline() {
    if (ended_) {
        end_handler();
    } else {
        ask();
    }
}

void ClientLoop::ask() {
    const TimePoint time = now();
    refresh_extension();
    if (const auto hello = client_.next_hello(time)) {
        log_.debug("Hello to ", curvecp::to_text(hello->to));
        const MutableBytes packet = socket_.room({hello->to, {}}, hello->bytes.size());
        std::copy(hello->bytes.begin(), hello->bytes.end(), packet.begin());
    }
    if (client_.gave_up(time)) {
        give_up();
    } else {
        deadline_.set(client_.next_deadline());
    }
}

void ClientLoop::give_up() {
    const std::string asked = to_text(client_.asked());
    const std::uint64_t bad_cookies = client_.bad_cookies();
    if (bad_cookies == 0) {
        log_.fatal("no answer from ", asked, ": nobody is there, or with another key or extension");
    } else {
        log_.fatal("no good answer from ", asked, ": ", bad_cookies,
                   " Cookies came that do not open: wrong key or extension");
    }
    stop({.exit_code = kExitFailure});
}

void ClientLoop::refresh_extension() {
    const TimePoint time = now();
    if (client_.wants_extension(time)) client_.set_extension(time, read_extension());
}

void ClientLoop::on_datagrams() {
    const bool handshake = !client_.connected();
    for (const Datagram& datagram : socket_.receive()) {
        carry_out(datagram.path, client_.on_datagram(datagram.path.peer, datagram.bytes));
    }
    if (handler_) handler_->flush();
    if (handshake) wipe_handshake();
    if (socket_.icmp_errors() == icmp_errors_) return;
    icmp_errors_ = socket_.icmp_errors();
    client_.on_icmp_error(now());
    deadline_.set(client_.next_deadline());
}

// The states have wiped what they knew.
void ClientLoop::wipe_handshake() {
    if (client_.connected()) socket_.flush_and_wipe();
    wipe_traces();
}

void ClientLoop::carry_out(const Path& path, const Action& action) {
    if (const auto* deliver = std::get_if<Deliver>(&action)) {
        bytes_in_ += deliver->frame.size() - 1;
        if (handler_) handler_->queue(deliver->frame);
    } else if (std::holds_alternative<StartHandler>(action)) {
        start_handler(path);
    }
}

void ClientLoop::start_handler(const Path& path) {
    deadline_.set(std::nullopt);
    const HandlerEnvironment environment(current_environment(), server_name_);
    HandlerProcess::Pipes pipes = HandlerProcess::start(
        arguments_, environment.with({.local = {path.local, socket_.local_address().port},
                                      .remote = path.peer,
                                      .remote_long_term = server_long_term_,
                                      .local_extension = client_.extension(),
                                      .remote_extension = server_extension_,
                                      .connection_number = 1}));
    if (pipes.error != 0) {
        log_.fatal("program ", arguments_.front(), ": ", std::strerror(pipes.error));
        stop({.exit_code = kExitFailure});
        return;
    }
    handler_pid_ = pipes.pid;
    handler_.emplace(std::move(pipes), loop_, pipe_budget_, [this] { on_handler_readable(); });
    if (!log_.tells(Verbosity::Connections)) return;
    log_.info("start: server ", curvecp::to_text(path.peer), ", key ",
              to_hex(server_long_term_.bytes()), ", handler ", handler_pid_);
}

void ClientLoop::on_handler_readable() {
    if (!handler_->watched()) {
        log_.fatal(HandlerProcess::kUnwatched);
        end_connection(kExitFailure, std::string(HandlerProcess::kUnwatched));
        return;
    }
    refresh_extension();
    const bool more = handler_->read(read_buffer_);
    if (const auto reason = send_messages()) {
        log_.fatal(*reason);
        end_connection(kExitFailure, *reason);
    } else if (!more) {
        end_connection(0, "the handler ended it");
    }
}

std::optional<std::string> ClientLoop::send_messages() {
    const Path path{client_.server(), {}};
    while (true) {
        const FrameReader::Next next = handler_->next();
        if (std::holds_alternative<FrameReader::NeedMore>(next)) return std::nullopt;
        const auto* message = std::get_if<MutableBytes>(&next);
        if (message == nullptr) return "the handler wrote a bad length byte";
        const auto size = client_.packet_size(message->size());
        if (!size) {
            return "the handler wrote a message of " + std::to_string(message->size()) +
                   " bytes before the server's first: at most " +
                   std::to_string(kMaxInitiateMessageSize) + " fit";
        }
        if (!client_.seal_message(*message, socket_.room(path, *size))) {
            socket_.take_back();
            return "the connection's nonces are used up";
        }
        bytes_out_ += message->size();
    }
}

void ClientLoop::close_handler(std::string_view reason) {
    datagrams_.stop();
    socket_.flush();
    tell_end(reason);
    handler_.reset();
    client_.on_handler_end();
    wipe_traces();
}

// The handler's exit code, which is still to come, replaces an exit code of 0.
void ClientLoop::end_connection(int exit_code, const std::string& reason) {
    ended_ = true;
    outcome_.exit_code = exit_code;
    close_handler(reason);
    if (handler_exit_code_) {
        on_handler_gone();
    } else if (exit_code != 0) {
        deadline_.set(now() + kGrace);
    }
}

// It broke its contract, and does not leave at the end of its descriptors either.
void ClientLoop::end_handler() {
    kill(handler_pid_, termed_ ? SIGKILL : SIGTERM);
    termed_ = true;
    deadline_.set(now() + kAfterTerm);
}

void ClientLoop::on_child_exit(pid_t pid, int wait_status) {
    if (pid != handler_pid_) return;
    const auto signal = signal_of(wait_status);
    if (signal && outcome_.exit_code == 0) {  // else the reason has been told
        log_.error("the handler was killed by signal ", *signal);
    }
    handler_exit_code_ = exit_code_of(wait_status).value_or(kExitFailure);
    // A grandchild may hold the handler's descriptors: the end is the end of file.
    if (ended_) on_handler_gone();
}

void ClientLoop::on_handler_gone() {
    const int code = outcome_.exit_code == 0 ? *handler_exit_code_ : outcome_.exit_code;
    stop({.exit_code = code});
}

void ClientLoop::on_signal(int signal) {
    if (handler_) close_handler("signal " + std::to_string(signal));
    stop({.signal = signal});
}

void ClientLoop::stop(Outcome outcome) {
    outcome_ = outcome;
    socket_.flush();
    loop_.stop();
}

void ClientLoop::tell_end(std::string_view reason) const {
    if (!log_.tells(Verbosity::Connections)) return;
    log_.info("end: ", reason, ", after ", now() - started_, ", ", bytes_in_, " bytes in, ",
              bytes_out_, " bytes out, ", handler_->dropped_frames(), " messages dropped");
}

}  // namespace curvecp::client
