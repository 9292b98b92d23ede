// The messages inside the recorded packets: decoded, put together again and encoded alike.
#include "messagehandler/message.hpp"
#include "tests/vectors/recording.hpp"

#include <string>

using namespace curvecp;
using namespace curvecp::messagehandler;
using namespace curvecp::testing;

namespace {

std::vector<Bytes> messages_of_client(const Vectors& vectors) {
    std::vector<Bytes> messages;
    for (const auto& name : vectors.numbered("initiate")) {
        messages.push_back(vectors[name + ".message"]);
    }
    for (const auto& name : vectors.numbered("client_message")) {
        messages.push_back(vectors[name + ".plaintext"]);
    }
    return messages;
}

std::vector<Bytes> messages_of_server(const Vectors& vectors) {
    std::vector<Bytes> messages;
    for (const auto& name : vectors.numbered("server_message")) {
        messages.push_back(vectors[name + ".plaintext"]);
    }
    return messages;
}

Message must_decode(Bytes bytes) {
    const auto message = decode(bytes);
    REQUIRE(message.has_value());
    return *message;
}

// The blocks of a recording came in order.
std::string stream_of(const std::vector<Bytes>& messages) {
    std::string stream;
    bool ended = false;
    for (const Bytes bytes : messages) {
        const Message message = must_decode(bytes);
        if (message.block.empty() && !message.header.ending) continue;
        CHECK(message.header.position == StreamPosition{stream.size()});
        stream.append(message.block.begin(), message.block.end());
        ended = ended || message.header.ending == Ending::Success;
    }
    CHECK(ended);
    return stream;
}

std::string zeros_and(std::size_t width, char last) {
    return std::string(width - 1, '0') + last + '\n';
}

void check_encoded_alike(Bytes recorded) {
    const Message message = must_decode(recorded);
    std::array<std::uint8_t, kMaxMessageSize> bytes{};
    const Encoded encoded = encode(message.header, bytes);
    std::copy(message.block.begin(), message.block.end(), encoded.block.begin());
    CHECK(same(Bytes(bytes).first(encoded.size), recorded));
}

}  // namespace

TEST_CASE("the messages of a recorded connection hold the streams that its programs wrote") {
    const auto speaks_first = Vectors::load(std::string(VECTORS_DIRECTORY) + "/reference.txt");
    const std::string first = zeros_and(500, '1');
    const std::string last = zeros_and(2000, '3');
    CHECK(stream_of(messages_of_client(speaks_first)) == first + "two\n");
    CHECK(stream_of(messages_of_server(speaks_first)) ==
          "welcome\nheard " + first + "heard two\n" + last);

    const auto listens_first =
        Vectors::load(std::string(VECTORS_DIRECTORY) + "/reference_extension.txt");
    CHECK(stream_of(messages_of_client(listens_first)) == "one\ntwo\n");
    CHECK(stream_of(messages_of_server(listens_first)) == "welcome\nheard one\nheard two\n" + last);
}

TEST_CASE("the Initiate of a client whose server speaks first carries a ping") {
    const auto vectors = Vectors::load(std::string(VECTORS_DIRECTORY) + "/reference_extension.txt");
    CHECK(must_decode(messages_of_client(vectors).front()).header.is_ping());
}

TEST_CASE("a recorded message's acknowledgment names what the other side sent before") {
    for_each_recording([](const Vectors& vectors) {
        const Message initiate = must_decode(vectors["initiate_1.message"]);
        const Message answer = must_decode(vectors["server_message_1.plaintext"]);
        CHECK(answer.header.acknowledged_id == initiate.header.id);
        CHECK(answer.header.acknowledged.count <= 1);
    });
}

TEST_CASE("a recorded message is encoded alike: header, padding, block and size") {
    for_each_recording([](const Vectors& vectors) {
        for (const Bytes message : messages_of_client(vectors)) check_encoded_alike(message);
        for (const Bytes message : messages_of_server(vectors)) check_encoded_alike(message);
    });
}
