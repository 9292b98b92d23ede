// Any datagram is classified by magic and length alone, and every field of what it is called lies
// inside it.
#include "curvecp/core/packet.hpp"
#include "tests/fuzz/input.hpp"

#include <string_view>

namespace curvecp::fuzz {
namespace {

constexpr std::size_t kNot = 0;

// As the specification has it: a magic and the lengths that go with it.
struct Kind {
    std::string_view magic;
    std::size_t smallest, largest;
    std::size_t index;  // in the variant
};
constexpr std::array kToServer{Kind{"QvnQ5XlH", 224, 224, 1}, Kind{"QvnQ5XlI", 560, 1184, 2},
                               Kind{"QvnQ5XlM", 112, 1184, 3}};
constexpr std::array kToClient{Kind{"RL3aNMXK", 200, 200, 1}, Kind{"RL3aNMXM", 80, 1152, 2}};

std::size_t naive(Bytes datagram, std::span<const Kind> kinds) {
    for (const Kind& kind : kinds) {
        if (datagram.size() < kind.smallest || datagram.size() > kind.largest) continue;
        if (datagram.size() % 16 != kind.smallest % 16) continue;
        if (std::equal(kind.magic.begin(), kind.magic.end(), datagram.begin())) return kind.index;
    }
    return kNot;
}

void wipe_fields(const NotAPacket& /*packet*/) {}
void wipe_fields(const Hello& packet) {
    wipe(field<Hello::Box>(packet.bytes));
}
void wipe_fields(const Cookie& packet) {
    wipe(field<Cookie::Box>(packet.bytes));
}
void wipe_fields(const auto& packet) {
    wipe(field<typename std::decay_t<decltype(packet)>::NonceTail>(packet.bytes));
    require(packet.box().size() > kBoxOverhead, "a box has a content");
    wipe(packet.box());
}

void classify(Bytes datagram) {
    Buffer bytes = copy_of(datagram);
    const auto to_server = classify_to_server(bytes);
    const auto to_client = classify_to_client(bytes);
    require(to_server.index() == naive(datagram, kToServer), "what a server takes it for");
    require(to_client.index() == naive(datagram, kToClient), "what a client takes it for");
    const Precedence precedence = precedence_of(bytes);
    require((to_server.index() != 3 || precedence == Precedence::Connected) &&
                (to_server.index() != 2 || precedence == Precedence::Initiating) &&
                (to_server.index() != 1 || precedence == Precedence::Stranger),
            "its precedence");
    std::visit([](const auto& packet) { wipe_fields(packet); }, to_server);
    std::visit([](const auto& packet) { wipe_fields(packet); }, to_client);
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    curvecp::fuzz::classify({data, size});
    return 0;
}
