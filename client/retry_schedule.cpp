#include "client/retry_schedule.hpp"

#include "curvecp/core/random.hpp"

#include <cmath>
#include <utility>

namespace curvecp::client {
namespace {

// Fisher-Yates.
void shuffle(std::span<Address> addresses) noexcept {
    for (std::size_t left = addresses.size(); left > 1; --left) {
        std::swap(addresses[left - 1], addresses[random_below(static_cast<std::uint32_t>(left))]);
    }
}

// After the Hello with this number, from 0.
Duration wait_after(std::size_t hello) noexcept {
    constexpr std::uint32_t kSteps = 1'000'000;
    const double jitter = RetrySchedule::kMaxJitter * random_below(kSteps) / kSteps;
    const double growth = std::pow(RetrySchedule::kGrowth, static_cast<double>(hello));
    return std::chrono::duration_cast<Duration>(RetrySchedule::kFirstWait * growth * (1 + jitter));
}

}  // namespace

static_assert(1 + RetrySchedule::kMaxJitter < RetrySchedule::kGrowth);

RetrySchedule::RetrySchedule(TimePoint start, std::vector<Address> addresses)
    : addresses_(std::move(addresses)), due_(start) {
    shuffle(addresses_);
}

std::optional<Address> RetrySchedule::next(TimePoint now) {
    if (hellos_ == kMaxHellos || now < due_) return std::nullopt;
    due_ = now + wait_after(hellos_) + std::exchange(saved_, Duration{});
    return addresses_[hellos_++ % addresses_.size()];
}

void RetrySchedule::hurry(TimePoint now) noexcept {
    const bool never_asked = hellos_ < addresses_.size();
    if (!never_asked || now >= due_) return;
    saved_ += due_ - now;
    due_ = now;
}

std::span<const Address> RetrySchedule::asked() const noexcept {
    return std::span(addresses_).first(std::min(hellos_, addresses_.size()));
}

}  // namespace curvecp::client
