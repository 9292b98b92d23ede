#include "daemon/event.hpp"

#include "curvecp/core/json.hpp"

#include <algorithm>

namespace curvecp::daemon {
namespace {

constexpr std::array<std::string_view, kEventKinds> kNames{"listening",
                                                           "bind_failed",
                                                           "handshake_succeeded",
                                                           "handshake_failed_protocol",
                                                           "handshake_failed_auth",
                                                           "handshake_failed_no_detail",
                                                           "accepted",
                                                           "accept_failed",
                                                           "limit_reached",
                                                           "program_started",
                                                           "address_changed",
                                                           "program_exited",
                                                           "closed",
                                                           "disconnected",
                                                           "rules_reloaded",
                                                           "monitor_stopped"};

constexpr int kVersion = 1;
constexpr std::string_view kBetween = " ,\t\r";

JsonObject begin_line(std::string_view name, WallTime time) {
    JsonObject line;
    line.add("v", kVersion).add("time", std::string_view(to_text(time))).add("event", name);
    return line;
}

void add_value(JsonObject& line, const EventValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) line.add("value", *number);
    if (const auto* text = std::get_if<std::string_view>(&value)) line.add("value", *text);
}

void add_program(JsonObject& line, const ProgramEnd& program) {
    if (program.signal) line.add("signal", *program.signal);
    line.add("bytes_in", program.bytes_in)
        .add("bytes_out", program.bytes_out)
        .add("duration", program.duration);
}

constexpr DropEvent protocol(std::string_view code) noexcept {
    return {EventKind::HandshakeFailedProtocol, code};
}

constexpr DropEvent limit(std::string_view name) noexcept {
    return {EventKind::LimitReached, name};
}

// As in ZeroMQ's authentication protocol.
constexpr DropEvent unauthorized(std::int64_t status) noexcept {
    return {EventKind::HandshakeFailedAuth, status};
}

struct RefusalEvent {
    DropReason reason;
    DropEvent event;
};

// What rules, limits and the authorizer say.
constexpr std::array kRefusals{RefusalEvent{DropReason::DeniedAddress, unauthorized(400)},
                               RefusalEvent{DropReason::KeyNotAuthorized, unauthorized(400)},
                               RefusalEvent{DropReason::AuthorizerRefused, unauthorized(400)},
                               RefusalEvent{DropReason::AuthorizerNotNow, unauthorized(300)},
                               RefusalEvent{DropReason::AuthorizerFailed, unauthorized(500)},
                               RefusalEvent{DropReason::AddressLimit, limit("address")},
                               RefusalEvent{DropReason::PrefixLimit, limit("prefix")},
                               RefusalEvent{DropReason::KeyLimit, limit("key")},
                               RefusalEvent{DropReason::Reserved, limit("reserve")},
                               RefusalEvent{DropReason::RateLimit, limit("rate")},
                               RefusalEvent{DropReason::AuthorizerBusy, limit("questions")}};

std::optional<DropEvent> refusal_event_of(DropReason reason) noexcept {
    const auto found =
        std::find_if(kRefusals.begin(), kRefusals.end(),
                     [reason](const RefusalEvent& refusal) { return refusal.reason == reason; });
    return found == kRefusals.end() ? std::nullopt : std::optional(found->event);
}

}  // namespace

std::string_view to_text(EventKind kind) noexcept {
    return kNames[static_cast<std::size_t>(kind)];
}

std::variant<EventMask, std::string_view> parse_event_mask(std::string_view text) noexcept {
    EventMask mask = EventMask::none();
    for (auto start = text.find_first_not_of(kBetween); start != std::string_view::npos;
         start = text.find_first_not_of(kBetween)) {
        text.remove_prefix(start);
        const std::string_view name = text.substr(0, text.find_first_of(kBetween));
        const auto* const found = std::find(kNames.begin(), kNames.end(), name);
        if (found == kNames.end()) return name;
        mask.add(static_cast<EventKind>(found - kNames.begin()));
        text.remove_prefix(name.size());
    }
    return mask == EventMask::none() ? EventMask::all() : mask;
}

std::string to_json(const Event& event, WallTime time) {
    JsonObject line = begin_line(to_text(event.kind), time);
    if (event.local) line.add("local", std::string_view(to_text(*event.local)));
    if (event.remote) line.add("remote", std::string_view(to_text(*event.remote)));
    if (!event.service.empty()) line.add("service", event.service);
    if (event.connection != 0) line.add("connection", event.connection);
    add_value(line, event.value);
    if (event.count != 1) line.add("count", event.count);
    if (event.program) add_program(line, *event.program);
    return std::move(line).take();
}

std::string lost_events_json(std::uint64_t lost, WallTime time) {
    return std::move(begin_line("events_lost", time).add("lost", lost)).take();
}

std::optional<DropEvent> event_of(DropReason reason) noexcept {
    switch (reason) {
        case DropReason::MalformedHello:
            return protocol("malformed_hello");
        case DropReason::MalformedInitiate:
            return protocol("malformed_initiate");
        case DropReason::MalformedMessage:
            return protocol("malformed_message");
        case DropReason::BadCookie:
            return protocol("malformed_cookie");
        case DropReason::CookieExpired:
            return protocol("cookie_expired");
        case DropReason::CookieSpent:
            return protocol("cookie_spent");
        case DropReason::BadHello:
        case DropReason::BadInitiate:
        case DropReason::BadMessage:
            return protocol("cryptographic");
        case DropReason::WrongServerName:
            return protocol("name_mismatch");
        case DropReason::BadVouch:
            return protocol("vouch_invalid");
        case DropReason::ServerFull:
            return limit("connections");
        case DropReason::SpentCookiesFull:
            return limit("cookies");
        case DropReason::Crowded:
            return limit("strangers");
        case DropReason::NotAPacket:
        case DropReason::WrongExtension:
        case DropReason::NoNonces:
        case DropReason::HandlerNotStarted:
        case DropReason::Draining:
        case DropReason::UnknownClient:
        case DropReason::Repeated:
        case DropReason::TooOld:
        case DropReason::Asking:
            return std::nullopt;
        case DropReason::DeniedAddress:
        case DropReason::KeyNotAuthorized:
        case DropReason::AddressLimit:
        case DropReason::PrefixLimit:
        case DropReason::KeyLimit:
        case DropReason::Reserved:
        case DropReason::RateLimit:
        case DropReason::AuthorizerBusy:
        case DropReason::AuthorizerNotNow:
        case DropReason::AuthorizerRefused:
        case DropReason::AuthorizerFailed:
            return refusal_event_of(reason);
    }
    return std::nullopt;
}

}  // namespace curvecp::daemon
