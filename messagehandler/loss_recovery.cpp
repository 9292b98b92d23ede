#include "messagehandler/loss_recovery.hpp"

#include <utility>

namespace curvecp::messagehandler {

namespace {

// Ours: an answer that took longer says how long the peer slept.
constexpr Duration kMostSample = std::chrono::seconds(5);
// Ours: records of blocks that a silent peer answers nothing about.
constexpr std::size_t kMostRecords = 16384;

}  // namespace

bool LossRecovery::window_allows() const {
    // While nothing is known to pace by, the number of messages is bounded as well.
    if (!rtt_.has_sample() && log_.size() >= Pacer::kMostMessages) return false;
    return !silent() && blocks_.bytes_in_flight() < controller_->window();
}

bool LossRecovery::may_send(TimePoint now) const {
    return window_allows() && pacer_.may_send(now);
}

MessageId LossRecovery::on_block_sent(TimePoint now, SentBlock& block, std::size_t size) {
    const std::uint64_t number = log_.add(
        {.sent = now, .begin = block.range.begin, .size = static_cast<std::uint16_t>(size)});
    blocks_.sent(block, number, size);
    ++statistics_.blocks;
    if (block.transmissions > 1) ++statistics_.retransmitted;
    if (const auto rate = controller_->pacing_rate()) pacer_.on_sent(now, size, *rate);
    last_block_sent_ = now;
    probe_due_ = false;
    hurry_ = false;
    return TransmissionLog::id_of(number);
}

MessageId LossRecovery::on_ping_sent(TimePoint now) {
    ping_due_ = false;
    return TransmissionLog::id_of(log_.add({.sent = now, .kind = Transmission::Kind::Ping}));
}

LossRecovery::Echoed LossRecovery::on_echo(TimePoint now, MessageId id, Duration answer_delay) {
    acknowledged_ = {.now = now, .in_flight = blocks_.bytes_in_flight()};
    const auto number = log_.find(id);
    if (!number) return {};
    Transmission& transmission = *log_.at(*number);
    if (!transmission.echoed && measures(now, transmission)) {
        acknowledged_.rtt = rtt_.on_sample(now - transmission.sent, answer_delay);
    }
    transmission.echoed = true;
    newest_echoed_ = std::max(newest_echoed_, *number);
    if (transmission.kind == Transmission::Kind::Ping) return {Echo::Ping, *number, 0};
    on_delivered(transmission.sent, blocks_.echoed(transmission.begin, *number));
    on_received(*number);
    progress_ = true;
    return {Echo::Block, *number, transmission.size};
}

// What waited for a peer that slept says how long it slept, not how long the way is.
bool LossRecovery::measures(TimePoint now, const Transmission& transmission) const {
    return transmission.sent >= silence_ended_ && now - transmission.sent <= kMostSample;
}

void LossRecovery::on_received(std::uint64_t number) {
    newest_received_ = std::max(newest_received_.value_or(number), number);
    if (number < round_ends_) return;
    round_ends_ = log_.next_number();
    rtt_.on_round();
}

void LossRecovery::on_acknowledged(TimePoint now, std::span<const SentBlock> blocks) {
    for (const SentBlock& block : blocks) {
        const Transmission* transmission = log_.at(block.transmission);
        const TimePoint sent = transmission != nullptr ? transmission->sent : TimePoint{};
        // RFC 8985 section 6.2: an answer that comes too fast is that to an earlier transmission.
        const bool certain = block.transmissions == 1 || now - sent >= rtt_.minimum();
        if (block.was_lost && (block.state == SentBlock::State::Lost || !certain)) {
            on_spurious_loss(now, block.cost);
        }
        if (block.state != SentBlock::State::Echoed) on_delivered(sent, block.cost);
        if (certain && transmission != nullptr) on_received(block.transmission);
    }
    if (!blocks.empty()) progress_ = true;
}

void LossRecovery::on_delivered(TimePoint sent, std::size_t bytes) {
    acknowledged_.bytes += bytes;
    acknowledged_.sent = std::max(acknowledged_.sent, sent);
}

void LossRecovery::on_spurious_loss(TimePoint now, std::size_t bytes) {
    ++statistics_.spurious;
    rtt_.on_spurious_loss();
    controller_->on_spurious_loss(now, bytes);
}

void LossRecovery::tell_controller(TimePoint now) {
    acknowledged_.smoothed_rtt = rtt_.smoothed();
    if (acknowledged_.bytes != 0 || acknowledged_.rtt) controller_->on_acknowledged(acknowledged_);
    acknowledged_ = {.now = now};
}

void LossRecovery::on_progress(TimePoint now) {
    if (silent()) {
        controller_->on_silence_ended(now);
        silence_ended_ = now;
    }
    timeouts_ = 0;
    probe_due_ = false;
    ping_due_ = false;
    hurry_ = false;
}

void LossRecovery::on_message(TimePoint now, bool answers_ping) {
    if (std::exchange(progress_, false)) on_progress(now);
    tell_controller(now);
    detect_losses(now);
    ping_due_ = false;
    if (silent() && !answers_ping) hurry_ = true;
}

bool LossRecovery::resolved(const Transmission& transmission, std::uint64_t number) const {
    if (transmission.kind == Transmission::Kind::Ping) {
        return transmission.echoed || number < newest_echoed_;
    }
    return !blocks_.in_flight(transmission.begin, number);
}

// The log is in the order of sending, so the first that is still open decides.
void LossRecovery::detect_losses(TimePoint now) {
    CongestionController::Lost told{.now = now, .sent = {}, .in_flight = blocks_.bytes_in_flight()};
    while (!log_.empty()) {
        const Transmission first = log_.first();
        const std::uint64_t number = log_.first_number();
        const bool overtaken =
            newest_received_ && number < *newest_received_ && now >= first.sent + rtt_.loss_delay();
        const bool open = !resolved(first, number);
        if (open && !overtaken && log_.size() <= kMostRecords) break;
        if (open && first.kind == Transmission::Kind::Block) {
            blocks_.lost(first.begin, number);
            ++statistics_.lost;
            // What an outage swallowed says nothing of how much the path carries.
            if (overtaken && first.sent >= silence_ended_) {
                told.sent = first.sent;
                told.bytes += first.size;
            }
        }
        log_.pop_first();
    }
    if (told.bytes != 0) controller_->on_lost(told);
}

void LossRecovery::advance(TimePoint now) {
    if (const auto due = loss_deadline(); due && now >= *due) detect_losses(now);
    if (const auto due = probe_deadline(); due && now >= *due) on_probe_timeout();
}

void LossRecovery::on_probe_timeout() {
    ++timeouts_;
    probe_due_ = true;
    ping_due_ = silent();
}

std::optional<TimePoint> LossRecovery::loss_deadline() const {
    if (log_.empty() || !newest_received_ || log_.first_number() >= *newest_received_) {
        return std::nullopt;
    }
    return log_.first().sent + rtt_.loss_delay();
}

std::optional<TimePoint> LossRecovery::probe_deadline() const {
    if (blocks_.empty() || probe_due_) return std::nullopt;
    return last_block_sent_ + timeout(hurry_ ? 0 : timeouts_);
}

std::optional<TimePoint> LossRecovery::deadline() const {
    return earlier(loss_deadline(), probe_deadline());
}

Duration LossRecovery::backed_off(unsigned doublings, Duration longest) const {
    constexpr unsigned kMostDoublings = 10;
    const Duration timeout = rtt_.probe_timeout() * (1U << std::min(doublings, kMostDoublings));
    return std::max(rtt_.probe_timeout(), std::min(timeout, longest));
}

}  // namespace curvecp::messagehandler
