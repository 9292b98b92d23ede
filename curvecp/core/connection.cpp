#include "curvecp/core/connection.hpp"

namespace curvecp {

std::variant<Connection::Opened, DropReason> Connection::open(CountedBox kind, NonceCounter nonce,
                                                              MutableBytes box) noexcept {
    const ReplayWindow::Verdict verdict = seen_.check(nonce);
    if (verdict == ReplayWindow::Verdict::Repeated) return DropReason::Repeated;
    if (verdict == ReplayWindow::Verdict::TooOld) return DropReason::TooOld;
    const auto plaintext = open_in_place(box, make_nonce(kind, nonce), *key_);
    if (!plaintext) return DropReason::BadMessage;
    seen_.accept(nonce);
    return Opened{*plaintext, verdict == ReplayWindow::Verdict::Newest};
}

bool Connection::seal(CountedBox kind, MutableFixedBytes<8> nonce, MutableBytes box,
                      Bytes plaintext) noexcept {
    const auto counter = nonces_.next();
    if (!counter) return false;
    counter->store(nonce);
    curvecp::seal(box, plaintext, make_nonce(kind, *counter), *key_);
    return true;
}

void Connection::save(StateWriter& state) const noexcept {
    state.put((*key_).reveal());
    state.put_number(nonces_.upcoming().value);
    seen_.save(state);
}

Connection Connection::load(StateReader& state, KeyArena& keys) {
    SharedKey key;
    state.get(key.reveal());
    const NonceSequence nonces(NonceCounter{state.get_number()});
    auto stored = keys.store(std::move(key));
    if (!stored) throw BadState("more connections than are allowed");
    Connection connection(std::move(*stored), nonces);
    connection.seen_ = ReplayWindow::load(state);
    return connection;
}

}  // namespace curvecp
