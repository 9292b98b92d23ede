#include "messagehandler/stream_pair.hpp"

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
// Ours: so slowly is a silent peer of this project's probed at most, so that a transfer goes on
// soon after an outage. The reference is silent while its program is, and gets five seconds.
constexpr Duration kLongestProbeTimeout = seconds(1);
constexpr Duration kLongestPingTimeout = seconds(5);                   // specification
constexpr std::size_t kLeastOutputBuffer = std::size_t{256} * 1024;    // ours
constexpr std::size_t kIdleMemory = std::size_t{16} * 1024;            // ours
constexpr std::uint64_t kRoomWorthTelling = std::uint64_t{64} * 1024;  // ours

}  // namespace

StreamPair::StreamPair(const Config& config, TimePoint now)
    : config_(config),
      receive_(std::max<std::size_t>(config.buffer, SendStream::kAssumedRoom)),
      recovery_(send_.blocks(), make_controller(config.congestion, config.one_machine)),
      watch_(config.timeout, now),
      last_progress_(now) {
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
    if (!message || over()) return;
    watch_.on_message(now);
    if (message->header.receive_limit) take_receive_limit(*message->header.receive_limit);
    watch_.set_timeout(patience());
    const bool only_answers_ping = take_acknowledgments(now, message->header);
    recovery_.on_message(now, only_answers_ping && message->header.id == kNoId);
    // A pure acknowledgment has no block.
    if (message->header.id != kNoId) take_block(now, *message);
    note_completion(now);
    schedule_ping(now, message->header.block_size != 0);
}

Duration StreamPair::patience() const {
    constexpr int kWithReference = 10;  // it is silent while its program is
    return watch_.heard() && !send_.limit_known() ? kWithReference * config_.timeout
                                                  : config_.timeout;
}

void StreamPair::take_receive_limit(const ReceiveLimit& receive_limit) {
    if (!send_.limit_known()) {
        recovery_.set_longest_timeout(kLongestProbeTimeout);
        recovery_.set_most_in_burst(Pacer::kMostToReader);
    }
    send_.raise_limit(receive_limit.limit);
    if (!send_.limited()) room_pinger_.cancel();
}

void StreamPair::watch_path(TimePoint now, const LossRecovery::Echoed& echo,
                            std::span<const SentBlock> blocks) {
    const bool full = std::any_of(blocks.begin(), blocks.end(), [](const SentBlock& block) {
        return block.cost == kMaxMessageSize;
    });
    if (full || echo.size == kMaxMessageSize) {
        path_watch_.on_full_block_arrived();
    } else if (echo.what != LossRecovery::Echo::Unknown) {
        path_watch_.on_answer(now, echo.number, patience());
    }
}

// True where they are but the answer to a ping.
bool StreamPair::take_acknowledgments(TimePoint now, const MessageHeader& header) {
    const Duration answer_delay =
        header.receive_limit ? header.receive_limit->delay.value_or(Duration(0)) : Duration(0);
    const auto echo = recovery_.on_echo(now, header.acknowledged_id, answer_delay);
    const auto blocks = send_.acknowledge(header.acknowledged);
    recovery_.on_acknowledged(now, blocks);
    watch_path(now, echo, blocks);
    if (echo.what == LossRecovery::Echo::Ping) growth_pinger_.cancel();
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
    const bool expected = outcome == Outcome::InOrder || outcome == Outcome::BehindGap;
    const bool urgent = !expected || header.ending || completed_;
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

MutableBytes StreamPair::output_room() {
    const std::size_t wanted = std::max(2 * recovery_.controller().window(), kLeastOutputBuffer);
    return send_.room(std::min(wanted, config_.buffer));
}

std::size_t StreamPair::next_message(TimePoint now, MutableFixedBytes<kMaxMessageSize> out) {
    advance(now);
    if (farewell_due_) return send_farewell(now, out);
    if (over()) return 0;
    if (ping_due(now)) return send_ping(now, out);
    if (SentBlock* block = next_block(now); block != nullptr) return send_block(now, *block, out);
    if (acknowledger_.due(now)) return send_acknowledgment(now, out);
    return 0;
}

void StreamPair::advance(TimePoint now) {
    if (over()) return;
    recovery_.advance(now);
    if (const auto at = release_at(); at && now >= *at) {
        receive_.release_memory();
        send_.release_memory();
    }
    if (status_ == Status::Done) return;
    note_progress(now);
    schedule_room_pings(now);
    if (const auto at = keepalive_at(); at && now >= *at) pinger_.schedule(now);
    if (const auto at = leave_at(); at && now >= *at && !acknowledger_.due(now)) {
        status_ = Status::Done;
        pinger_.cancel();
    } else if (!completed_ && watch_.vanished(now)) {
        give_up(Status::PeerVanished);
    } else if (const auto idle = idle_at(); idle && now >= *idle) {
        give_up(Status::Idle);
    } else if (!completed_ && path_watch_.drops_full_blocks(patience())) {
        give_up(Status::BlocksVanish);
    }
}

void StreamPair::give_up(Status status) {
    status_ = status;
    farewell_due_ = !send_.end_sent();
}

void StreamPair::note_progress(TimePoint now) {
    const std::uint64_t progress = send_.written().value + receive_.highest().value;
    if (progress == progress_) return;
    progress_ = progress;
    last_progress_ = now;
}

// Specification: the two rules against deadlock, for acknowledgments get lost.
void StreamPair::schedule_room_pings(TimePoint now) {
    const bool announces = config_.extensions && send_.limit_known();
    if (!announces || !receive_window_.must_announce()) {
        if (receive_.highest() > growth_told_at_) growth_pinger_.cancel();
    } else if (!growth_pinger_.deadline()) {
        growth_told_at_ = receive_.highest();
        growth_pinger_.schedule(now);
    }
    if (!send_.limit_known() || !send_.limited() || !send_.blocks().empty()) {
        room_pinger_.cancel();
    } else if (!room_pinger_.deadline()) {
        room_pinger_.schedule(now + recovery_.timeout(0));
    }
}

std::optional<TimePoint> StreamPair::keepalive_at() const {
    const bool asking = pinger_.deadline() && pinger_.attempts() > 0;
    if (!config_.keepalive || completed_ || asking) return std::nullopt;
    return watch_.last_heard() + *config_.keepalive;
}

std::optional<TimePoint> StreamPair::idle_at() const {
    if (!config_.idle_timeout || completed_) return std::nullopt;
    return last_progress_ + *config_.idle_timeout;
}

std::optional<TimePoint> StreamPair::leave_at() const {
    if (completed_) {
        const TimePoint latest = *completed_ + (is_client() ? kClientLinger : kServerLinger);
        if (!peer_is_done_) return latest;
        if (is_client()) return *completed_;
        return std::min(latest,
                        watch_.last_heard() + kServerSettle + 4 * recovery_.rtt().smoothed());
    }
    // The other side is gone, or nobody is there for what we have left.
    const bool peer_failed = receive_.end() == Ending::Failure;
    if (program_exit_ && peer_failed) return *program_exit_;
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
    return pinger_.due(now) || room_pinger_.due(now) || growth_pinger_.due(now) ||
           (recovery_.ping_due() && !recovery_.probe_due());
}

SentBlock* StreamPair::next_block(TimePoint now) {
    SentBlocks& blocks = send_.blocks();
    if (recovery_.probe_due() && !blocks.empty()) return &blocks.take_oldest();
    if (!recovery_.may_send(now)) return nullptr;
    if (blocks.has_lost()) return &blocks.take_lost();
    if (!send_.has_new()) {
        recovery_.on_starved(now);
        return nullptr;
    }
    const bool first = is_client() && !watch_.heard();
    return &send_.cut(first ? std::min(kMaxFirstBlockSize, config_.max_block) : config_.max_block);
}

MessageHeader StreamPair::next_header(TimePoint now) {
    const Acknowledger::Answer answer = acknowledger_.take(now);
    MessageHeader header;
    header.acknowledged_id = answer.id;
    header.acknowledged = receive_.acknowledged();
    if (config_.extensions) {
        header.receive_limit = ReceiveLimit{answer.delay, receive_window_.announce()};
    }
    return header;
}

std::size_t StreamPair::send_block(TimePoint now, SentBlock& block,
                                   MutableFixedBytes<kMaxMessageSize> out) {
    MessageHeader header = next_header(now);
    send_.describe(block, header);
    const std::size_t size = padded_size(header.block_size);
    if (size == kMaxMessageSize) path_watch_.on_full_block(now, recovery_.next_number());
    header.id = recovery_.on_block_sent(now, block, size);
    const Encoded message = encode(header, out);
    send_.copy(block, message.block);
    watch_.on_asked(now);
    pinger_.cancel();
    return message.size;
}

std::size_t StreamPair::send_ping(TimePoint now, MutableFixedBytes<kMaxMessageSize> out) {
    MessageHeader header = next_header(now);
    header.id = recovery_.on_ping_sent(now);
    watch_.on_asked(now);
    for (Pinger* pinger : {&pinger_, &room_pinger_, &growth_pinger_}) {
        if (pinger->due(now)) {
            pinger->on_sent(now, recovery_.backed_off(pinger->attempts(), kLongestPingTimeout));
        }
    }
    return encode(header, out).size;
}

// The peer may know at once that this stream has failed, where anything still reaches it.
std::size_t StreamPair::send_farewell(TimePoint now, MutableFixedBytes<kMaxMessageSize> out) {
    farewell_due_ = false;
    MessageHeader header = next_header(now);
    header.id = recovery_.on_ping_sent(now);
    header.position = send_.blocks().sent_end();
    header.ending = Ending::Failure;
    return encode(header, out).size;
}

std::size_t StreamPair::send_acknowledgment(TimePoint now, MutableFixedBytes<kMaxMessageSize> out) {
    return encode(next_header(now), out).size;
}

std::optional<TimePoint> StreamPair::next_deadline() const {
    if (over()) return std::nullopt;
    std::optional<TimePoint> result =
        earlier(earlier(acknowledger_.deadline(), recovery_.deadline()), release_at());
    if (status_ == Status::Done) return result;
    result = earlier(result, earlier(pinger_.deadline(), leave_at()));
    result = earlier(result, earlier(room_pinger_.deadline(), growth_pinger_.deadline()));
    result = earlier(result, earlier(keepalive_at(), idle_at()));
    if (!completed_) result = earlier(result, watch_.deadline());
    const bool waiting = send_.has_new() || send_.blocks().has_lost();
    if (waiting && recovery_.window_allows()) result = earlier(result, recovery_.next_paced());
    return result;
}

}  // namespace curvecp::messagehandler
