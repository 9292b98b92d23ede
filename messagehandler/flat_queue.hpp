// A queue in one piece of memory: it allocates only while it grows, and any element can be reached
// by its number.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace curvecp::messagehandler {

template <class T>
class FlatQueue {
  public:
    [[nodiscard]] bool empty() const { return head_ == items_.size(); }
    [[nodiscard]] std::size_t size() const { return items_.size() - head_; }
    [[nodiscard]] T& operator[](std::size_t index) { return items_[head_ + index]; }
    [[nodiscard]] const T& operator[](std::size_t index) const { return items_[head_ + index]; }
    [[nodiscard]] T& front() { return items_[head_]; }
    [[nodiscard]] T& back() { return items_.back(); }
    [[nodiscard]] std::span<T> items() { return std::span(items_).subspan(head_); }
    [[nodiscard]] std::span<const T> items() const { return std::span(items_).subspan(head_); }

    void push_back(T item) { items_.push_back(item); }
    void insert(std::size_t index, T item) {
        items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(head_ + index), item);
    }
    void pop_front() {
        ++head_;
        if (head_ < kCompactAt && head_ != items_.size()) return;
        if (head_ * 2 < items_.size()) return;
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }

  private:
    static constexpr std::size_t kCompactAt = 64;

    std::vector<T> items_;
    std::size_t head_ = 0;
};

}  // namespace curvecp::messagehandler
