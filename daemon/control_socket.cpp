#include "daemon/control_socket.hpp"

#include "curvecp/posix/clock.hpp"

#include <algorithm>

namespace curvecp::daemon {
namespace {

// Ours: the longest piece of an answer, the page of metrics, has a few thousand bytes.
constexpr std::size_t kBuffer = 65'536;
// Ours, because the connections' packets wait meanwhile.
constexpr std::uint32_t kRowsAtOnce = 64;

std::string_view without_return(std::string_view line) noexcept {
    return line.substr(0, line.find_last_not_of(" \t\r") + 1);
}

// The first word of a line, which is taken from it.
std::string_view take_word(std::string_view& line) noexcept {
    const auto end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return word;
}

}  // namespace

ControlSocket::Client::Client(ControlSocket& socket, Fd descriptor)
    : fd(std::move(descriptor)),
      writer(socket.loop_, fd.get(), kBuffer, [this, &socket] { socket.on_change(*this); }) {
    readable.emplace(
        socket.loop_, fd.get(), Readiness::Readable, [this, &socket] { socket.on_readable(*this); },
        [this, &socket] { socket.remove(*this); });
}

ControlSocket::ControlSocket(EventLoop& loop, const std::string& path, ServerLoop& server,
                             EventStream& events, Commands commands)
    : loop_(loop),
      server_(server),
      events_(events),
      commands_(std::move(commands)),
      listener_(loop, path, [this](Fd fd) { on_connection(std::move(fd)); }) {}

void ControlSocket::on_connection(Fd fd) {
    clients_.push_back(std::make_unique<Client>(*this, std::move(fd)));
    if (clients_.size() > kMostClients) finish(*clients_.back(), "error: too many clients\n");
}

void ControlSocket::on_readable(Client& client) {
    switch (client.input.read(client.fd.get())) {
        case LineInput::State::Waiting:
            return;
        case LineInput::State::Line:
            client.readable->stop();
            try {
                answer(client, without_return(client.input.line()));
            } catch (const std::bad_alloc&) {
                remove(client);
            }
            return;
        case LineInput::State::End:
            return remove(client);
        case LineInput::State::TooLong:
            return finish(client, "error: the line is too long\n");
    }
}

void ControlSocket::answer(Client& client, std::string_view line) {
    const std::string_view command = take_word(line);
    if (command == "status" && (line.empty() || line == "--json")) {
        begin_status(client, !line.empty());
    } else if (command == "metrics" && line.empty()) {
        finish(client, "ok\n" + to_prometheus(server_.metrics()));
    } else if (command == "events") {
        pass_events(client, line);
    } else if (command == "kill" && !line.empty()) {
        kill(client, line);
    } else if (!line.empty() || !obey(client, command)) {
        finish(client, "error: no such command\n");
    }
}

bool ControlSocket::obey(Client& client, std::string_view command) {
    if (command == "drain") {
        finish(client, "ok\n");
        commands_.drain();
        return true;
    }
    if (command == "reload") {
        finish(client, commands_.reload ? "ok\n" : "error: nothing to reload\n");
        if (commands_.reload) commands_.reload();
        return true;
    }
    return false;
}

void ControlSocket::kill(Client& client, std::string_view whom) {
    const auto selector = ConnectionSelector::parse(whom);
    if (!selector) return finish(client, "error: no number, key or address\n");
    const std::size_t ended = server_.kill(*selector);
    if (ended == 0) return finish(client, "error: no such connection\n");
    finish(client, "ok\n" + std::to_string(ended) +
                       (ended == 1 ? " connection ended\n" : " connections ended\n"));
}

void ControlSocket::pass_events(Client& client, std::string_view names) {
    const auto parsed = parse_event_mask(names);
    if (const auto* unknown = std::get_if<std::string_view>(&parsed)) {
        return finish(client, "error: no such event: " + std::string(*unknown) + "\n");
    }
    if (!client.writer.write("ok\n") || !client.writer.empty()) return remove(client);
    client.readable.reset();
    Fd fd = std::move(client.fd);
    remove(client);
    events_.subscribe(std::move(fd), std::get<EventMask>(parsed));
}

void ControlSocket::begin_status(Client& client, bool json) {
    client.json = json;
    client.next_slot = 0;
    const std::string start = json ? server_.status_json() : status_header() + "\n";
    if (!client.writer.write("ok\n" + start)) return remove(client);
    on_change(client);
}

void ControlSocket::on_change(Client& client) {
    if (client.writer.broken()) return remove(client);
    if (client.next_slot && !continue_status(client)) return;
    if (client.writer.empty()) remove(client);
}

bool ControlSocket::continue_status(Client& client) {
    while (client.writer.empty()) {
        const std::string rows = next_rows(client);
        const bool last = *client.next_slot >= server_.slots();
        if (!client.writer.write(rows + (last && client.json ? "]}\n" : ""))) {
            remove(client);
            return false;
        }
        if (last) {
            client.next_slot.reset();
            return true;
        }
    }
    return false;
}

std::string ControlSocket::next_rows(Client& client) const {
    const TimePoint time = now();
    const WallTime wall = wall_time();
    std::string rows;
    const std::uint32_t end = std::min(*client.next_slot + kRowsAtOnce, server_.slots());
    for (; *client.next_slot < end; ++*client.next_slot) {
        const auto status = server_.status(ConnectionId{*client.next_slot}, time);
        if (!status) continue;
        if (client.json) {
            rows += (client.any_told ? ",\n" : "\n") + status_json(*status, wall);
        } else {
            rows += status_row(*status) + "\n";
        }
        client.any_told = true;
    }
    return rows;
}

void ControlSocket::finish(Client& client, std::string_view text) {
    client.readable->stop();
    client.next_slot.reset();
    if (!client.writer.write(text)) return remove(client);
    if (client.writer.empty()) remove(client);
}

void ControlSocket::remove(const Client& client) {
    const auto found = std::find_if(clients_.begin(), clients_.end(),
                                    [&](const auto& one) { return one.get() == &client; });
    if (found != clients_.end()) clients_.erase(found);
}

}  // namespace curvecp::daemon
