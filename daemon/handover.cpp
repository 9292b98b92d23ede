#include "daemon/handover.hpp"

#include "curvecp/core/frame.hpp"

#include <limits>

namespace curvecp::daemon {
namespace {

// The last number is the version: another one wherever a state is written differently.
constexpr std::uint64_t kMagic = 0x43757276'65430001;

constexpr std::size_t kLongestText = std::size_t{128} * 1024;  // Linux's limit for an argument
constexpr std::uint64_t kLargestId = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t kLargest16 = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t kLargest32 = std::numeric_limits<std::uint32_t>::max();

void save(const IpAddress& ip, StateWriter& state) noexcept {
    state.put(ip.bytes);
    state.put_number(ip.scope);
}

IpAddress load_ip(StateReader& state) {
    IpAddress ip;
    state.get(ip.bytes);
    ip.scope = static_cast<std::uint32_t>(state.get_number(kLargest32));
    return ip;
}

void save(const Address& address, StateWriter& state) noexcept {
    save(address.ip, state);
    state.put_number(address.port);
}

Address load_address(StateReader& state) {
    const IpAddress ip = load_ip(state);
    return {ip, static_cast<std::uint16_t>(state.get_number(kLargest16))};
}

// A process or a descriptor.
std::int64_t load_id(StateReader& state) {
    return static_cast<std::int64_t>(state.get_number(kLargestId));
}

// A descriptor that may be missing.
void save_optional_id(std::int64_t id, StateWriter& state) noexcept {
    state.put_number(id < 0 ? 0 : 1);
    if (id >= 0) state.put_number(static_cast<std::uint64_t>(id));
}
std::int64_t load_optional_id(StateReader& state) {
    return state.get_flag() ? load_id(state) : -1;
}

void save(const HandlerState& handler, StateWriter& state) noexcept {
    state.put_number(static_cast<std::uint64_t>(handler.pid));
    save_optional_id(handler.to_handler, state);
    state.put_number(static_cast<std::uint64_t>(handler.from_handler));
    state.put_time(handler.started);
    state.put_number(handler.bytes_in);
    state.put_number(handler.bytes_out);
    state.put_number(handler.dropped_frames);
    state.put_counted(handler.unread);
    state.put_counted(handler.unwritten);
    state.put_number(handler.to_handler_enlarged ? 1 : 0);
    state.put_number(handler.from_handler_enlarged ? 1 : 0);
}

HandlerState load_handler(StateReader& state) {
    HandlerState handler;
    handler.pid = load_id(state);
    handler.to_handler = load_optional_id(state);
    handler.from_handler = load_id(state);
    handler.started = state.get_time();
    handler.bytes_in = state.get_number();
    handler.bytes_out = state.get_number();
    handler.dropped_frames = state.get_number();
    handler.unread = state.get_counted(kMaxFrameSize);
    handler.unwritten = state.get_counted(kMaxFrameSize);
    handler.to_handler_enlarged = state.get_flag();
    handler.from_handler_enlarged = state.get_flag();
    return handler;
}

void save(const LeavingHandler& leaving, StateWriter& state) noexcept {
    state.put_number(static_cast<std::uint64_t>(leaving.pid));
    state.put_number(leaving.connection);
    state.put_number(leaving.service);
    daemon::save(leaving.path, state);
    state.put_time(leaving.started);
    state.put_number(leaving.bytes_in);
    state.put_number(leaving.bytes_out);
}

LeavingHandler load_leaving(StateReader& state) {
    LeavingHandler leaving;
    leaving.pid = load_id(state);
    leaving.connection = state.get_number();
    leaving.service = static_cast<std::uint32_t>(state.get_number(kLargest32));
    leaving.path = load_path(state);
    leaving.started = state.get_time();
    leaving.bytes_in = state.get_number();
    leaving.bytes_out = state.get_number();
    return leaving;
}

void save(const SocketState& socket, StateWriter& state) noexcept {
    save(socket.address, state);
    state.put_number(static_cast<std::uint64_t>(socket.fd));
}

SocketState load_socket(StateReader& state) {
    const Address address = load_address(state);
    return {address, load_id(state)};
}

void save(const std::string& text, StateWriter& state) noexcept {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    state.put_counted({bytes, text.size()});
}

std::string load_text(StateReader& state) {
    const auto bytes = state.get_counted(kLongestText);
    return {bytes.begin(), bytes.end()};
}

template <class Item>
void save_all(const std::vector<Item>& items, StateWriter& state) noexcept {
    state.put_number(items.size());
    for (const Item& item : items) save(item, state);
}

// A number that is too large meets the end of the state: nothing is reserved for it.
template <class Load>
auto load_all(StateReader& state, Load load) {
    std::vector<decltype(load(state))> items;
    for (std::uint64_t left = state.get_number(); left > 0; --left) items.push_back(load(state));
    return items;
}

}  // namespace

void save(const Path& path, StateWriter& state) noexcept {
    save(path.peer, state);
    save(path.local, state);
    state.put_number(path.socket);
}

Path load_path(StateReader& state) {
    const Address peer = load_address(state);
    const IpAddress local = load_ip(state);
    return {peer, local, static_cast<std::uint16_t>(state.get_number(kLargest16))};
}

void save_magic(StateWriter& state) noexcept {
    state.put_number(kMagic);
}

void load_magic(StateReader& state) {
    if (state.get_number() != kMagic) throw BadState("of another version");
}

void save(const LoopState& loop, StateWriter& state) noexcept {
    save_all(loop.arguments, state);
    state.put_number(loop.blocked_signals);
    save_all(loop.sockets, state);
    save_all(loop.handlers, state);
    save_all(loop.leaving, state);
}

LoopState load_loop(StateReader& state) {
    LoopState loop;
    loop.arguments = load_all(state, load_text);
    loop.blocked_signals = state.get_number();
    loop.sockets = load_all(state, load_socket);
    loop.handlers = load_all(state, load_handler);
    loop.leaving = load_all(state, load_leaving);
    return loop;
}

}  // namespace curvecp::daemon
