#include "messagehandler/stream_pair.hpp"

#include "messagehandler/newreno.hpp"

#include <algorithm>

namespace curvecp::messagehandler {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstDataWait = seconds(1);         // specification: -C pings without data
constexpr Duration kHalfOpenServerQuiet = seconds(10);  // ours: a client that never acknowledged
constexpr Duration kHalfClosedQuiet = seconds(20);      // ours: only the peer's end is missing
// Ours: where more blocks may be on their way, a client whose address changed must speak, else they
// go astray for ever. It asks once; an idle connection is silent.
constexpr Duration kStalledQuiet = seconds(2);
constexpr Duration kClientLinger = milliseconds(500);  // specification
constexpr Duration kServerLinger = seconds(2);         // specification
constexpr Duration kServerSettle = milliseconds(100);  // ours: so that a client's question is heard
constexpr Duration kAfterExit = seconds(10);           // specification
constexpr Duration kReleaseAfter = seconds(1);         // ours
constexpr std::size_t kIdleMemory = std::size_t{16} * 1024;            // ours
constexpr std::uint64_t kRoomWorthTelling = std::uint64_t{64} * 1024;  // ours

}  // namespace

StreamPair::StreamPair(const Config& config, TimePoint now)
    : StreamPair(config, now, std::make_unique<NewReno>()) {}

StreamPair::StreamPair(const Config& config, TimePoint now,
                       std::unique_ptr<CongestionController> controller)
    : config_(config),
      recovery_(send_.blocks(), std::move(controller)),
      watch_(config.timeout, now) {
    switch (config_.role) {
        case Role::Server:
            pinger_.schedule(now + kHalfOpenServerQuiet);
            break;
        case Role::ClientServerSpeaksFirst:
            pinger_.schedule(now);
            break;
        case Role::ClientSpeaksFirst:
            pinger_.schedule(now + kFirstDataWait);
            break;
    }
}

// --- what the peer says

void StreamPair::on_message(TimePoint now, Bytes bytes) {
    const auto message = decode(bytes);
    if (!message || status_ == Status::PeerVanished) return;
    watch_.on_message(now);
    const bool only_answers_ping = take_acknowledgments(now, message->header);
    recovery_.on_message(now, only_answers_ping && message->header.id == kNoId);
    // A pure acknowledgment has no block.
    if (message->header.id != kNoId) take_block(now, *message);
    note_completion(now);
    schedule_ping(now, message->header.block_size != 0);
}

// True where they are but the answer to a ping.
bool StreamPair::take_acknowledgments(TimePoint now, const MessageHeader& header) {
    const std::size_t in_flight = send_.blocks().bytes_in_flight();
    const auto echo = recovery_.on_echo(now, header.acknowledged_id);
    const auto blocks = send_.acknowledge(header.acknowledged);
    recovery_.on_acknowledged(now, blocks, in_flight);
    const bool echoed = echo.what != LossRecovery::Echo::Unknown;
    if (echoed || !blocks.empty()) acknowledged_ever_ = true;
    if (tells_end_from_) {
        peer_is_done_ |= echoed && echo.number >= *tells_end_from_;
        peer_is_done_ |= std::any_of(blocks.begin(), blocks.end(), [&](const SentBlock& block) {
            return block.transmissions == 1 && block.transmission >= *tells_end_from_;
        });
    }
    return echo.what == LossRecovery::Echo::Ping && blocks.empty();
}

void StreamPair::take_block(TimePoint now, const Message& message) {
    using Outcome = ReceiveStream::Outcome;
    const MessageHeader& header = message.header;
    const Outcome outcome = header.is_ping()
                                ? Outcome::Duplicate
                                : receive_.accept(header.position, message.block, header.ending);
    if (outcome == Outcome::Refused) refused_ = true;
    if (outcome == Outcome::Refused || outcome == Outcome::Ignored) return;
    const bool urgent = outcome != Outcome::InOrder || header.ending || completed_;
    acknowledger_.on_id(now, header.id, urgent, recovery_.rtt().smoothed());
    if (receive_.complete() && !tells_end_from_) tells_end_from_ = recovery_.next_number();
}

void StreamPair::note_completion(TimePoint now) {
    if (completed_ || !both_complete()) return;
    completed_ = now;
    if (status_ == Status::Running) status_ = Status::Lingering;
}

// The peer spoke: what is still to be asked is asked after some quiet.
void StreamPair::schedule_ping(TimePoint now, bool streaming) {
    const bool about_to_ask = pinger_.deadline() && pinger_.attempts() == 0;
    if (is_client() && !completed_ && !streaming && about_to_ask) return;
    pinger_.cancel();
    if (completed_) {
        // A peer that answers this needs us no more.
        if (!peer_is_done_ && status_ == Status::Lingering) {
            pinger_.schedule(*completed_ == now ? now : now + recovery_.timeout(0));
        }
    } else if (is_client() && streaming) {
        pinger_.schedule(now + kStalledQuiet);
    } else if (send_.complete()) {
        pinger_.schedule(now + kHalfClosedQuiet);
    } else if (!is_client() && !acknowledged_ever_) {
        pinger_.schedule(now + kHalfOpenServerQuiet);
    }
}

// --- what the program does

void StreamPair::consume_input(TimePoint now, std::size_t size) {
    receive_.consume(size);
    answer_refused(now);
}

void StreamPair::discard_input(TimePoint now) {
    receive_.discard();
    answer_refused(now);
}

// The peer probes ever more slowly for room; an acknowledgment makes it probe at once.
void StreamPair::answer_refused(TimePoint now) {
    if (!refused_ || receive_.room() < kRoomWorthTelling) return;
    refused_ = false;
    acknowledger_.demand(now);
}

// --- what is to be sent

std::size_t StreamPair::next_message(TimePoint now, MutableFixedBytes<kMaxMessageSize> out) {
    advance(now);
    if (status_ == Status::PeerVanished) return 0;
    if (ping_due(now)) return send_ping(now, out);
    if (SentBlock* block = next_block(now); block != nullptr) return send_block(now, *block, out);
    if (acknowledger_.due(now)) return send_acknowledgment(out);
    return 0;
}

void StreamPair::advance(TimePoint now) {
    if (status_ == Status::PeerVanished) return;
    recovery_.advance(now);
    if (const auto at = release_at(); at && now >= *at) {
        receive_.release_memory();
        send_.release_memory();
    }
    if (status_ == Status::Done) return;
    if (const auto at = leave_at(); at && now >= *at && !acknowledger_.due(now)) {
        status_ = Status::Done;
        pinger_.cancel();
    } else if (!completed_ && watch_.vanished(now)) {
        status_ = Status::PeerVanished;
    }
}

std::optional<TimePoint> StreamPair::leave_at() const {
    if (completed_) {
        const TimePoint latest = *completed_ + (is_client() ? kClientLinger : kServerLinger);
        if (!peer_is_done_) return latest;
        if (is_client()) return *completed_;
        return std::min(latest,
                        watch_.last_heard() + kServerSettle + 4 * recovery_.rtt().smoothed());
    }
    if (program_exit_ && send_.complete()) {
        return std::max(*program_exit_, watch_.last_heard()) + kAfterExit;
    }
    return std::nullopt;
}

// An idle connection gives large buffers back.
std::optional<TimePoint> StreamPair::release_at() const {
    const bool receive = receive_.memory() > kIdleMemory && receive_.releasable();
    const bool send = send_.memory() > kIdleMemory && send_.releasable();
    if (!receive && !send) return std::nullopt;
    return watch_.last_heard() + kReleaseAfter;
}

bool StreamPair::ping_due(TimePoint now) const {
    return pinger_.due(now) || (recovery_.ping_due() && !recovery_.probe_due());
}

SentBlock* StreamPair::next_block(TimePoint now) {
    SentBlocks& blocks = send_.blocks();
    if (recovery_.probe_due() && !blocks.empty()) return &blocks.take_oldest();
    if (!recovery_.may_send(now)) return nullptr;
    if (blocks.has_lost()) return &blocks.take_lost();
    if (!send_.has_new()) return nullptr;
    const bool first = is_client() && !watch_.heard();
    return &send_.cut(first ? kMaxFirstBlockSize : kMaxBlockSize);
}

MessageHeader StreamPair::next_header() {
    MessageHeader header;
    header.acknowledged_id = acknowledger_.take();
    header.acknowledged = receive_.acknowledged();
    return header;
}

std::size_t StreamPair::send_block(TimePoint now, SentBlock& block,
                                   MutableFixedBytes<kMaxMessageSize> out) {
    MessageHeader header = next_header();
    send_.describe(block, header);
    header.id = recovery_.on_block_sent(now, block, padded_size(header.block_size));
    const Encoded message = encode(header, out);
    send_.copy(block, message.block);
    watch_.on_asked(now);
    pinger_.cancel();
    return message.size;
}

std::size_t StreamPair::send_ping(TimePoint now, MutableFixedBytes<kMaxMessageSize> out) {
    MessageHeader header = next_header();
    header.id = recovery_.on_ping_sent(now);
    watch_.on_asked(now);
    if (pinger_.due(now)) pinger_.on_sent(now, recovery_.timeout(pinger_.attempts()));
    return encode(header, out).size;
}

std::size_t StreamPair::send_acknowledgment(MutableFixedBytes<kMaxMessageSize> out) {
    return encode(next_header(), out).size;
}

std::optional<TimePoint> StreamPair::next_deadline() const {
    if (status_ == Status::PeerVanished) return std::nullopt;
    std::optional<TimePoint> result =
        earlier(earlier(acknowledger_.deadline(), recovery_.deadline()), release_at());
    if (status_ == Status::Done) return result;
    result = earlier(result, earlier(pinger_.deadline(), leave_at()));
    if (!completed_) result = earlier(result, watch_.deadline());
    const bool waiting = send_.has_new() || send_.blocks().has_lost();
    if (waiting && recovery_.window_allows()) result = earlier(result, recovery_.next_paced());
    return result;
}

}  // namespace curvecp::messagehandler
