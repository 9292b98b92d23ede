// A client, and any datagrams before, while and after it connects: genuine ones of its server,
// damaged, repeated, from elsewhere, or garbage. Only the genuine mean something, and only once.
#include "tests/fuzz/handshake.hpp"

namespace curvecp::fuzz {
namespace {

class Call {
  public:
    Call() { ask_again(); }

    void step(Input& input) {
        const std::uint8_t what = input.byte();
        if (what >= 0xf0) {
            now_ += std::chrono::milliseconds(input.word());
            if (what == 0xff) client().on_icmp_error(now_);
            ask_again();
            return;
        }
        Buffer packet = what < 0x20 ? copy_of(input.take(input.word() % 1500U))
                                    : genuine_[what % genuine_.size()];
        damage(input, packet);
        const Buffer sent = packet;
        const Address from = address_of(input.byte() % 8 == 7 ? 9 : 1);
        const auto action = client().on_datagram(from, packet);
        if (std::holds_alternative<client::Drop>(action)) return;
        require(from == server_address(), "it came from the server");
        take_out(sent);
        if (const auto* deliver = std::get_if<client::Deliver>(&action)) {
            require(client().connected(), "a message connects");
            require(deliver->frame.size() == 1 + std::size_t{deliver->frame[0]} * 16, "a frame");
            static_cast<void>(visitor_.seal(1088));
        } else {
            require(!started_, "the handler is started once");
            started_ = true;
            be_admitted();
        }
    }

  private:
    client::Client& client() { return visitor_.client(); }

    void ask_again() {
        const Buffer hello = visitor_.hello(now_);
        require(hello.empty() || !started_, "no more Hellos after the Cookie");
        if (!hello.empty()) genuine_.push_back(ask(server_, now_, hello));
        const auto next = client().next_deadline();
        require(!next || *next > now_ || client().gave_up(now_), "the deadline is to come");
    }
    // It must be genuine, and is not any more.
    void take_out(const Buffer& packet) {
        const auto found = std::find(genuine_.begin(), genuine_.end(), packet);
        require(found != genuine_.end(), "what means something is genuine");
        const auto at = static_cast<std::size_t>(found - genuine_.begin());
        require(!used_[at], "what means something is new");
        used_[at] = true;
    }
    void be_admitted() {
        const auto connection = admit(server_, now_, visitor_.seal(640));
        if (!connection) return;
        for (const std::size_t size : {16U, 192U, 1088U}) {
            genuine_.push_back(answer(server_, *connection, size));
        }
    }

    TimePoint now_ = kStart;
    Keys keys_;
    daemon::Server server_ = make_server(keys_);
    Visitor visitor_{keys_};
    bool started_ = false;
    std::vector<Buffer> genuine_;
    std::array<bool, 64> used_{};
};

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    curvecp::fuzz::start();
    curvecp::fuzz::Call call;
    curvecp::fuzz::Input input({data, size});
    while (!input.empty()) call.step(input);
    return 0;
}
