// A server with a client, and any datagrams: genuine ones, damaged, repeated, in any order, or
// garbage. What is not genuine, or was let in before, gets no further.
#include "tests/fuzz/handshake.hpp"

namespace curvecp::fuzz {
namespace {

using daemon::Server;

// From here on every byte is authenticated, also where the client is connected already.
std::size_t authenticated_from(Bytes packet) {
    return packet.size() > kMagicSize && packet[kMagicSize - 1] == 'I'
               ? Initiate::NonceTail::kOffset
               : ClientMessage::NonceTail::kOffset;
}

class Siege {
  public:
    Siege() {
        Buffer cookie = ask(server_, now_, a_.hello(now_));
        static_cast<void>(a_.client().on_datagram(server_address(), cookie));
        cookie = ask(server_, now_, b_.hello(now_));
        static_cast<void>(b_.client().on_datagram(server_address(), cookie));
        genuine_ = {a_.seal(16), a_.seal(640), b_.seal(16), b_.seal(320)};
        accepted_ = {genuine_[0]};
        connected_ = {admit(server_, now_, genuine_[0]).value()};
        Buffer message = answer(server_, connected_[0], 16);
        static_cast<void>(a_.client().on_datagram(server_address(), message));
        for (const std::size_t size : {16U, 192U, 1088U}) genuine_.push_back(a_.seal(size));
        genuine_.push_back(Visitor(keys_).hello(now_));
    }

    void step(Input& input) {
        const std::uint8_t what = input.byte();
        if (what >= 0xf0) now_ += std::chrono::milliseconds(input.word());
        if (what == 0xff && !connected_.empty()) {
            server_.on_handler_end(connected_.back());
            connected_.pop_back();
        }
        Buffer packet = what < 0x20 ? copy_of(input.take(input.word() % 1500U))
                                    : genuine_[what % genuine_.size()];
        damage(input, packet);
        const Buffer sent = packet;
        auto action =
            server_.on_datagram(now_, Path{address_of(input.byte()), IpAddress()}, packet);
        if (auto* open = std::get_if<Server::Open>(&action)) {
            let_in(sent, packet, open->frame);
            require(connected_.size() < kMaxConnections, "no more connections than allowed");
            connected_.push_back(server_.on_handler_started(std::move(*open)));
        } else if (const auto* deliver = std::get_if<Server::Deliver>(&action)) {
            let_in(sent, packet, deliver->frame);
            static_cast<void>(answer(server_, deliver->connection, 192));
        }
        require(server_.connections() == connected_.size(), "nobody else is connected");
        require(server_.next_deadline() > now_, "the deadline is to come");
    }

  private:
    void let_in(const Buffer& sent, Bytes opened, Bytes frame) {
        require(frame.data() >= opened.data() &&
                    frame.data() + frame.size() == opened.data() + opened.size(),
                "a frame lies at the end of the datagram");
        require(frame.size() == 1 + std::size_t{frame[0]} * 16 && frame[0] <= 68, "it is a frame");
        const auto found = std::find_if(genuine_.begin(), genuine_.end(), [&](const Buffer& other) {
            const auto from = static_cast<std::ptrdiff_t>(authenticated_from(other));
            return sent.size() == other.size() &&
                   std::equal(sent.begin() + from, sent.end(), other.begin() + from);
        });
        require(found != genuine_.end(), "what is let in is genuine");
        require(std::find(accepted_.begin(), accepted_.end(), *found) == accepted_.end(),
                "what is let in is new");
        accepted_.push_back(*found);
    }

    TimePoint now_ = kStart;
    Keys keys_;
    Server server_ = make_server(keys_);
    Visitor a_{keys_};
    Visitor b_{keys_};
    std::vector<daemon::ConnectionId> connected_;
    std::vector<Buffer> genuine_;
    std::vector<Buffer> accepted_;
};

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    curvecp::fuzz::start();
    curvecp::fuzz::Siege siege;
    curvecp::fuzz::Input input({data, size});
    while (!input.empty()) siege.step(input);
    return 0;
}
