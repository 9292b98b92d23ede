#include "daemon/event.hpp"

#include <set>

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;

namespace {

constexpr WallTime kTime{std::chrono::seconds(1'795'878'245)};
const std::string kFirstFields = R"({"v":1,"time":"2026-11-28T15:04:05.000Z","event":)";

Address address(std::string_view ip, std::uint16_t port) {
    return {*parse_ip(ip), port};
}

EventMask mask_of(std::string_view text) {
    return std::get<EventMask>(parse_event_mask(text));
}

std::string code_of(DropReason reason) {
    const auto event = event_of(reason);
    if (!event) return "";
    return std::string(to_text(event->kind)) + " " +
           std::string(std::get<std::string_view>(event->value));
}

}  // namespace

TEST_CASE("every event has a name of its own, by which it can be chosen") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kEventKinds; ++i) {
        const auto kind = static_cast<EventKind>(i);
        CHECK(names.insert(to_text(kind)).second);
        EventMask alone = EventMask::none();
        alone.add(kind);
        CHECK(mask_of(to_text(kind)) == alone);
        CHECK(EventMask::all().contains(kind));
        CHECK_FALSE(EventMask::none().contains(kind));
    }
}

TEST_CASE(
    "a choice of events is names with blanks or commas between, and all where there is none") {
    CHECK(mask_of("") == EventMask::all());
    CHECK(mask_of(" ,\t\r") == EventMask::all());
    const EventMask two = mask_of("closed,  accepted\r");
    CHECK(two.contains(EventKind::Closed));
    CHECK(two.contains(EventKind::Accepted));
    CHECK_FALSE(two.contains(EventKind::Disconnected));
    CHECK(std::get<std::string_view>(parse_event_mask("closed Accepted")) == "Accepted");
    CHECK(std::get<std::string_view>(parse_event_mask("accept")) == "accept");
}

TEST_CASE("a line says version, time and name, and what there is of the rest") {
    CHECK(to_json({.kind = EventKind::MonitorStopped}, kTime) ==
          kFirstFields + R"("monitor_stopped"})");
    CHECK(to_json({.kind = EventKind::BindFailed,
                   .local = address("0.0.0.0", 53),
                   .value = std::int64_t{98}},
                  kTime) == kFirstFields + R"("bind_failed","local":"0.0.0.0:53","value":98})");
    CHECK(to_json({.kind = EventKind::AddressChanged,
                   .local = address("::1", 7),
                   .remote = address("2001:db8::1", 8),
                   .service = "a \"name\"\n",
                   .connection = 12,
                   .value = "192.0.2.1:9"},
                  kTime) == kFirstFields +
                                R"("address_changed","local":"[::1]:7",)"
                                R"("remote":"[2001:db8::1]:8","service":"a \"name\"\u000a",)"
                                R"("connection":12,"value":"192.0.2.1:9"})");
    CHECK(to_json({.kind = EventKind::LimitReached, .value = "connections", .count = 40}, kTime) ==
          kFirstFields + R"("limit_reached","value":"connections","count":40})");
}

TEST_CASE("the end of a program comes with its status, bytes and duration") {
    Event event{.kind = EventKind::ProgramExited, .connection = 3, .value = std::int64_t{137}};
    event.program = ProgramEnd{.signal = 9,
                               .bytes_in = 100,
                               .bytes_out = 2000,
                               .duration = std::chrono::milliseconds(1'250)};
    CHECK(to_json(event, kTime) == kFirstFields +
                                       R"("program_exited","connection":3,"value":137,"signal":9,)"
                                       R"("bytes_in":100,"bytes_out":2000,"duration":1.250})");
    event.value = std::int64_t{0};
    event.program->signal.reset();
    CHECK(to_json(event, kTime) == kFirstFields +
                                       R"("program_exited","connection":3,"value":0,)"
                                       R"("bytes_in":100,"bytes_out":2000,"duration":1.250})");
}

TEST_CASE("who was too slow is told of how many events") {
    CHECK(lost_events_json(12, kTime) == kFirstFields + R"("events_lost","lost":12})");
}

TEST_CASE("a dropped packet is told by the code of what was wrong with it") {
    const std::string protocol = "handshake_failed_protocol ";
    CHECK(code_of(DropReason::MalformedHello) == protocol + "malformed_hello");
    CHECK(code_of(DropReason::BadCookie) == protocol + "malformed_cookie");
    CHECK(code_of(DropReason::MalformedInitiate) == protocol + "malformed_initiate");
    CHECK(code_of(DropReason::MalformedMessage) == protocol + "malformed_message");
    CHECK(code_of(DropReason::BadHello) == protocol + "cryptographic");
    CHECK(code_of(DropReason::BadInitiate) == protocol + "cryptographic");
    CHECK(code_of(DropReason::BadMessage) == protocol + "cryptographic");
    CHECK(code_of(DropReason::CookieExpired) == protocol + "cookie_expired");
    CHECK(code_of(DropReason::CookieSpent) == protocol + "cookie_spent");
    CHECK(code_of(DropReason::WrongServerName) == protocol + "name_mismatch");
    CHECK(code_of(DropReason::BadVouch) == protocol + "vouch_invalid");
    CHECK(code_of(DropReason::ServerFull) == "limit_reached connections");
    CHECK(code_of(DropReason::SpentCookiesFull) == "limit_reached cookies");
    CHECK(code_of(DropReason::Crowded) == "limit_reached strangers");
}

TEST_CASE("what happens in any network is no event") {
    for (const DropReason reason :
         {DropReason::NotAPacket, DropReason::WrongExtension, DropReason::UnknownClient,
          DropReason::Repeated, DropReason::TooOld, DropReason::Draining}) {
        CHECK_FALSE(event_of(reason).has_value());
    }
}
