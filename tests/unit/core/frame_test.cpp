#include "curvecp/core/frame.hpp"

#include <random>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

using Message = std::vector<std::uint8_t>;

Message message_with(std::size_t units, std::uint8_t first) {
    Message message(units * kMessageUnit);
    for (std::size_t i = 0; i < message.size(); ++i) {
        message[i] = static_cast<std::uint8_t>(first + 31 * i);
    }
    return message;
}

void append_frame(std::vector<std::uint8_t>& stream, const Message& message) {
    stream.push_back(frame_length_byte(message.size()));
    stream.insert(stream.end(), message.begin(), message.end());
}

// A reader with a buffer that is spoilt between reads, as another reader would spoil it.
class Pipe {
  public:
    explicit Pipe(std::size_t buffer_size = 4096) : buffer_(buffer_size) {}

    // Reads pieces of a stream; false where the reader met a bad length byte.
    bool read(Bytes piece) {
        while (!piece.empty()) {
            const MutableBytes room = reader_.prepare(buffer_);
            REQUIRE_FALSE(room.empty());
            const std::size_t count = std::min(room.size(), piece.size());
            std::copy_n(piece.begin(), count, room.begin());
            reader_.received(count);
            piece = piece.subspan(count);
            if (!take_messages()) return false;
            std::fill(buffer_.begin(), buffer_.end(), std::uint8_t{0xdd});
        }
        return true;
    }
    [[nodiscard]] const std::vector<Message>& messages() const { return messages_; }

  private:
    bool take_messages() {
        for (;;) {
            const FrameReader::Next next = reader_.next();
            if (std::holds_alternative<FrameReader::BadLengthByte>(next)) return false;
            if (std::holds_alternative<FrameReader::NeedMore>(next)) return true;
            const MutableBytes message = std::get<MutableBytes>(next);
            CHECK(message.data()[-1] == frame_length_byte(message.size()));
            messages_.emplace_back(message.begin(), message.end());
        }
    }

    FrameReader reader_;
    std::vector<std::uint8_t> buffer_;
    std::vector<Message> messages_;
};

}  // namespace

TEST_CASE("a message has 16 to 1088 bytes in steps of 16") {
    for (std::size_t size = 0; size <= 5000; ++size) {
        CAPTURE(size);
        CHECK(is_message_size(size) == (size >= 16 && size <= 1088 && size % 16 == 0));
    }
    CHECK_FALSE(is_message_size(SIZE_MAX - 15));
}

TEST_CASE("a stream comes out the same wherever it is cut in two") {
    const std::vector<Message> sent{message_with(1, 1), message_with(68, 2), message_with(12, 3),
                                    message_with(1, 4)};
    std::vector<std::uint8_t> stream;
    for (const Message& message : sent) append_frame(stream, message);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        CAPTURE(cut);
        Pipe pipe;
        CHECK(pipe.read(Bytes(stream).first(cut)));
        CHECK(pipe.read(Bytes(stream).subspan(cut)));
        CHECK(pipe.messages() == sent);
    }
}

TEST_CASE("a stream comes out the same byte by byte") {
    std::vector<Message> sent;
    std::vector<std::uint8_t> stream;
    for (std::size_t units = 1; units <= 68; ++units) {
        sent.push_back(message_with(units, static_cast<std::uint8_t>(units)));
        append_frame(stream, sent.back());
    }
    Pipe pipe;
    for (const std::uint8_t& byte : stream) REQUIRE(pipe.read({&byte, 1}));
    CHECK(pipe.messages() == sent);
}

TEST_CASE("a stream comes out the same through the smallest buffer in random pieces") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        std::vector<Message> sent;
        std::vector<std::uint8_t> stream;
        for (int i = 0; i < 100; ++i) {
            sent.push_back(message_with(1 + random() % 68, static_cast<std::uint8_t>(random())));
            append_frame(stream, sent.back());
        }
        Pipe pipe(kMaxFrameSize + 1);
        for (Bytes rest = stream; !rest.empty();) {
            const std::size_t count = std::min<std::size_t>(1 + random() % 1500, rest.size());
            REQUIRE(pipe.read(rest.first(count)));
            rest = rest.subspan(count);
        }
        CHECK(pipe.messages() == sent);
    }
}

TEST_CASE("a length byte of 0 or above 68 is refused at once, after the messages before it") {
    for (unsigned length = 0; length < 256; ++length) {
        CAPTURE(length);
        const bool good = length >= 1 && length <= 68;
        std::vector<std::uint8_t> stream;
        append_frame(stream, message_with(2, 7));
        stream.push_back(static_cast<std::uint8_t>(length));
        Pipe whole;
        CHECK(whole.read(stream) == good);
        CHECK(whole.messages() == std::vector<Message>{message_with(2, 7)});
        Pipe pieces;
        CHECK(pieces.read(Bytes(stream).first(33)));
        CHECK(pieces.read(Bytes(stream).subspan(33)) == good);
    }
}

TEST_CASE("a reader that met a bad length byte stays refused") {
    FrameReader reader;
    std::vector<std::uint8_t> buffer(2000);
    reader.prepare(buffer)[0] = 0;
    reader.received(1);
    CHECK(std::holds_alternative<FrameReader::BadLengthByte>(reader.next()));
    CHECK(std::holds_alternative<FrameReader::BadLengthByte>(reader.next()));
}

TEST_CASE("a reader that got nothing needs more") {
    FrameReader reader;
    std::vector<std::uint8_t> buffer(2000);
    CHECK(reader.prepare(buffer).size() == buffer.size());
    reader.received(0);
    CHECK(std::holds_alternative<FrameReader::NeedMore>(reader.next()));
}

TEST_CASE("between reads at most one incomplete frame is kept") {
    FrameReader reader;
    std::vector<std::uint8_t> buffer(4000);
    std::vector<std::uint8_t> stream;
    for (int i = 0; i < 3; ++i) append_frame(stream, message_with(68, 1));
    stream.pop_back();
    MutableBytes room = reader.prepare(buffer);
    std::copy(stream.begin(), stream.end(), room.begin());
    reader.received(stream.size());
    while (std::holds_alternative<MutableBytes>(reader.next())) {
    }
    room = reader.prepare(buffer);
    CHECK(room.size() == buffer.size() - (kMaxFrameSize - 1));
}
