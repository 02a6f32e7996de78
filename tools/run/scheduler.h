// What starts next inside the allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <vector>

namespace pavtest::run {

/// One test after the other, in the plan's order.
class Scheduler {
  public:
    explicit Scheduler(const std::vector<std::uint32_t>& order)
        : waiting_(order.begin(), order.end()) {}

    /// A test that may start now; it counts as running until ended() is told.
    std::optional<std::uint32_t> next() {
        if (waiting_.empty() || !running_.empty()) {
            return std::nullopt;
        }
        const std::uint32_t test = waiting_.front();
        waiting_.pop_front();
        running_.insert(test);
        return test;
    }
    /// Its processes are gone; its place is free.
    void ended(std::uint32_t test) { running_.erase(test); }
    /// Takes away all that have not started.
    std::vector<std::uint32_t> take_waiting() {
        std::vector<std::uint32_t> tests(waiting_.begin(), waiting_.end());
        waiting_.clear();
        return tests;
    }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  private:
    std::deque<std::uint32_t> waiting_;
    std::set<std::uint32_t> running_;
};

}  // namespace pavtest::run
