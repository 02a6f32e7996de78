// Time that counts only while we run: a suspended job's tests must not time out.
#pragma once

#include <algorithm>
#include <chrono>

namespace pavtest::run {

using Milliseconds = std::chrono::milliseconds;

/// Advanced by whoever sleeps. What passed beyond what was expected, because the process was
/// stopped, is left out.
class ActiveClock {
  public:
    using Monotonic = std::chrono::steady_clock::time_point;

    explicit ActiveClock(Monotonic start) : last_(start) {}

    /// Counts the time since the last call, but at most what was slept for on purpose and a
    /// second in which a busy host may have kept us waiting.
    void advance(Monotonic now, Milliseconds slept) {
        const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(now - last_);
        active_ += std::min<std::chrono::microseconds>(elapsed, slept + kSlack);
        last_ = now;
    }
    /// Active time since the start.
    [[nodiscard]] std::chrono::microseconds now() const { return active_; }

  private:
    static constexpr Milliseconds kSlack{1000};
    Monotonic last_;
    std::chrono::microseconds active_{0};
};

}  // namespace pavtest::run
