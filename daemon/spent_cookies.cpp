#include "daemon/spent_cookies.hpp"

namespace curvecp::daemon {

bool SpentCookies::contains(const PublicKey& client_short_term) const {
    const std::uint64_t fingerprint = fingerprint_(client_short_term);
    return spent_[0].contains(fingerprint) || spent_[1].contains(fingerprint);
}

bool SpentCookies::full(MinuteKeyId minute_key) const noexcept {
    return spent_[minute_key.value % 2].size() >= capacity_;
}

void SpentCookies::insert(const PublicKey& client_short_term, MinuteKeyId minute_key) {
    spent_[minute_key.value % 2].insert(fingerprint_(client_short_term), {});
}

void SpentCookies::expire(MinuteKeyId oldest) {
    const std::uint64_t gone = std::min<std::uint64_t>(oldest.value - oldest_.value, 2);
    for (std::uint64_t i = 0; i < gone; ++i) spent_[(oldest_.value + i) % 2].clear();
    oldest_ = oldest;
}

void SpentCookies::save(StateWriter& state) const {
    fingerprint_.save(state);
    state.put_number(oldest_.value);
    for (const auto& spent : spent_) {
        state.put_number(spent.size());
        spent.visit_fingerprints([&](std::uint64_t fingerprint) { state.put_number(fingerprint); });
    }
}

void SpentCookies::load(StateReader& state) {
    fingerprint_.load(state);
    oldest_ = {state.get_number()};
    for (auto& spent : spent_) {
        spent.clear();
        const std::uint64_t size = state.get_number(capacity_);
        for (std::uint64_t i = 0; i < size; ++i) spent.insert(state.get_number(), {});
    }
}

}  // namespace curvecp::daemon
