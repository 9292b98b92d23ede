// Two stream pairs, whose programs do anything, on a network that does anything: what arrives is
// what was sent, deadlines lie ahead, memory is bounded, and left alone the pairs get done.
#include "messagehandler/stream_pair.hpp"
#include "tests/fuzz/input.hpp"

// g++ has the sanitizer that defines this, but not its header.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();

namespace curvecp::messagehandler {
namespace {

using namespace std::chrono_literals;
using fuzz::Buffer;
using fuzz::Input;
using fuzz::require;
using Status = StreamPair::Status;

constexpr std::size_t kMaxMemory = std::size_t{3} << 20U;  // of two pairs: four full buffers, lists
constexpr std::size_t kMaxQueue = 512;                     // messages on their way

// A pair, its program, and what is on its way to it.
struct End {
    End(Role role, std::uint8_t first_byte, TimePoint now)
        : pair({.role = role}, now), salt(first_byte) {}

    [[nodiscard]] std::uint8_t byte_at(std::uint64_t position) const {
        return static_cast<std::uint8_t>(position * 7 + position / 256 + salt);
    }

    StreamPair pair;
    std::uint8_t salt;
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    bool exited = false;
    bool discards = false;
    bool lied_to = false;  // has got messages that its peer never made
    std::vector<Buffer> coming;
};

class Play {
  public:
    // A byte says which end, what happens there, and one bit more.
    void step(Input& input) {
        const std::uint8_t what = input.byte();
        End& end = what % 2 == 0 ? a_ : b_;
        const unsigned kind = what / 2U % 16U;
        if (kind < 8) {
            program_acts(end, kind, what >= 128, input);
        } else {
            network_acts(end, kind, input);
        }
        if (kind != 0) settle();
    }

    // The network works, and the programs read and write to the end.
    void finish() {
        for (int rounds = 0; rounds < 5000 && !(done(a_) && done(b_)); ++rounds) {
            for (End* end : {&a_, &b_}) {
                deliver_all(*end);
                consume(*end, SIZE_MAX);
                end->pair.end_output(Ending::Success);
            }
            settle();
            now_ += 1ms;
            if (a_.coming.empty() && b_.coming.empty()) to_deadline();
        }
        for (End* end : {&a_, &b_}) consume(*end, SIZE_MAX);
        check_memory();
        if (troubled(a_) || troubled(b_)) return;
        require(done(a_) && done(b_), "left alone they get done");
        require(a_.read == b_.written && b_.read == a_.written, "everything has arrived");
    }

  private:
    enum class Copies { One, More };

    void program_acts(End& end, unsigned kind, bool more, Input& input) {
        if (kind < 2) write(end, input.word());
        if (kind == 2) cut_otherwise(end, input);
        if (kind == 3) end.pair.end_output(more ? Ending::Failure : Ending::Success);
        if (kind == 4 || kind == 5) consume(end, input.word());
        if (kind == 6 && more) {
            end.pair.discard_input(now_);
            end.discards = true;
        }
        if (kind == 7 && more) {
            end.pair.on_program_exit(now_);
            end.exited = true;
        }
    }
    void network_acts(End& end, unsigned kind, Input& input) {
        if (kind == 8) lie(end, input);
        if (kind == 9) deliver(end, input.byte(), Copies::One);
        if (kind == 10) deliver(end, input.byte(), Copies::More);
        if (kind == 11) lose(end, input.byte());
        if (kind == 12) now_ += std::chrono::microseconds(input.word());
        if (kind == 13) now_ += std::chrono::milliseconds(input.word() / 8U);
        if (kind == 14) deliver_all(end);
        if (kind == 15) to_deadline();
    }

    static bool done(const End& end) {
        return end.pair.status() == Status::Done || end.pair.status() == Status::PeerVanished;
    }
    static bool troubled(const End& end) {
        return end.exited || end.discards || end.lied_to ||
               end.pair.status() == Status::PeerVanished;
    }
    End& other(const End& end) { return &end == &a_ ? b_ : a_; }

    static void write(End& end, std::size_t size) {
        const MutableBytes room = end.pair.output_room();
        size = std::min(size, room.size());
        for (std::size_t i = 0; i < size; ++i) room[i] = end.byte_at(end.written + i);
        end.pair.commit_output(size);
        end.written += size;
    }
    void consume(End& end, std::size_t most) {
        while (most > 0) {
            const Bytes input = end.pair.input();
            const std::size_t size = std::min(most, input.size());
            if (size == 0) return;
            for (std::size_t i = 0; i < size && !end.lied_to; ++i) {
                require(input[i] == other(end).byte_at(end.read + i), "bytes arrive as they were");
            }
            end.read += size;
            require(end.lied_to || end.read <= other(end).written, "no more than was written");
            end.pair.consume_input(now_, size);
            most -= size;
        }
    }
    // As from a sender with the same bytes that makes other blocks of them.
    void cut_otherwise(End& end, Input& input) {
        const std::uint64_t written = other(end).written;
        MessageHeader header;
        header.id = MessageId{0x80000000U + input.word()};
        header.acknowledged.add({});
        header.position = {std::min<std::uint64_t>(input.word() * 8U, written)};
        header.block_size = std::min<std::uint64_t>(input.word() % (kMaxBlockSize + 1),
                                                    written - header.position.value);
        std::array<std::uint8_t, kMaxMessageSize> bytes{};
        const Encoded message = encode(header, bytes);
        for (std::size_t i = 0; i < header.block_size; ++i) {
            message.block[i] = other(end).byte_at(header.position.value + i);
        }
        end.pair.on_message(now_, Bytes(bytes).first(message.size));
    }
    void lie(End& end, Input& input) {
        Buffer message = end.coming.empty() ? Buffer(192) : end.coming.front();
        const Bytes head = input.take(input.byte() % 64U);
        std::copy_n(head.begin(), std::min(head.size(), message.size()), message.begin());
        end.lied_to = true;
        end.pair.on_message(now_, message);
    }
    void deliver(End& end, std::size_t index, Copies copies) {
        if (end.coming.empty()) return;
        end.pair.on_message(now_, end.coming[index % end.coming.size()]);
        if (copies == Copies::One) lose(end, index);
    }
    static void lose(End& end, std::size_t index) {
        if (end.coming.empty()) return;
        const auto at = static_cast<std::ptrdiff_t>(index % end.coming.size());
        end.coming.erase(end.coming.begin() + at);
    }
    void deliver_all(End& end) {
        for (const Buffer& message : end.coming) end.pair.on_message(now_, message);
        end.coming.clear();
    }
    void to_deadline() {
        const auto next = earlier(a_.pair.next_deadline(), b_.pair.next_deadline());
        if (next) now_ = std::max(now_, *next);
    }
    void settle() {
        for (End* end : {&a_, &b_}) {
            std::array<std::uint8_t, kMaxMessageSize> out{};
            std::size_t count = 0;
            while (const std::size_t size = end->pair.next_message(now_, out)) {
                require(++count < 1000, "it pauses");
                require(decode(Bytes(out).first(size)).has_value(), "it sends messages");
                auto& coming = other(*end).coming;
                if (coming.size() < kMaxQueue)
                    coming.emplace_back(out.begin(),
                                        out.begin() + static_cast<std::ptrdiff_t>(size));
            }
            const auto next = end->pair.next_deadline();
            require(!next || *next > now_, "the deadline is to come");
        }
    }
    void check_memory() {
        for (End* end : {&a_, &b_}) std::vector<Buffer>().swap(end->coming);
        require(__sanitizer_get_current_allocated_bytes() < before_ + kMaxMemory, "memory");
    }

    std::size_t before_ = __sanitizer_get_current_allocated_bytes();
    TimePoint now_{1000s};
    End a_{Role::ClientSpeaksFirst, 1, now_};
    End b_{Role::Server, 101, now_};
};

}  // namespace
}  // namespace curvecp::messagehandler

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    curvecp::messagehandler::Play play;
    curvecp::fuzz::Input input({data, size});
    while (!input.empty()) play.step(input);
    play.finish();
    return 0;
}
