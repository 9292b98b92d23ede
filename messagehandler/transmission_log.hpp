// What was sent when: one record for every id, until it is known what became of it.
#pragma once

#include "curvecp/core/time.hpp"
#include "messagehandler/flat_queue.hpp"
#include "messagehandler/message.hpp"

namespace curvecp::messagehandler {

struct Transmission {
    enum class Kind : std::uint8_t { Block, Ping };

    TimePoint sent;
    StreamPosition begin{};  // of the block
    std::uint16_t size = 0;  // of a block's message
    Kind kind = Kind::Block;
    bool echoed = false;
};

// Transmissions are numbered from 0 without an end; a number's id is never 0.
class TransmissionLog {
  public:
    [[nodiscard]] static constexpr MessageId id_of(std::uint64_t number) {
        return MessageId{static_cast<std::uint32_t>(number % kIds + 1)};
    }

    // Returns the number of the transmission.
    std::uint64_t add(Transmission transmission) {
        records_.push_back(transmission);
        return first_ + records_.size() - 1;
    }
    // The number of a transmission that is still in the log.
    [[nodiscard]] std::optional<std::uint64_t> find(MessageId id) const {
        if (id == kNoId || records_.empty()) return std::nullopt;
        const std::uint64_t wanted = static_cast<std::uint32_t>(id) - std::uint64_t{1};
        const std::uint64_t offset = (wanted + kIds - first_ % kIds) % kIds;
        if (offset >= records_.size()) return std::nullopt;
        return first_ + offset;
    }
    // nullptr where it has left the log.
    [[nodiscard]] Transmission* at(std::uint64_t number) {
        return number < first_ ? nullptr : &records_[number - first_];
    }

    [[nodiscard]] bool empty() const { return records_.empty(); }
    [[nodiscard]] std::size_t size() const { return records_.size(); }
    [[nodiscard]] std::uint64_t first_number() const { return first_; }
    [[nodiscard]] std::uint64_t next_number() const { return first_ + records_.size(); }
    [[nodiscard]] const Transmission& first() const { return records_[0]; }
    void pop_first() {
        records_.pop_front();
        ++first_;
    }

  private:
    static constexpr std::uint64_t kIds = 0xffffffff;  // 32 bits without 0

    FlatQueue<Transmission> records_;
    std::uint64_t first_ = 0;
};

}  // namespace curvecp::messagehandler
