// When parsing must have come to its end.
#pragma once

#include <chrono>

namespace pavtest::parsers {

class Deadline {
  public:
    using Clock = std::chrono::steady_clock;
    explicit Deadline(Clock::duration given) : end_(Clock::now() + given) {}
    [[nodiscard]] bool over() const { return Clock::now() >= end_; }

  private:
    Clock::time_point end_;
};

}  // namespace pavtest::parsers
