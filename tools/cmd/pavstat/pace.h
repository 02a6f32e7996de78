// How often Slurm is asked by who waits: ever more rarely, as jobs write their ends themselves.
#pragma once

#include <algorithm>
#include <chrono>

namespace pavtest::cmd {

class Pace {
  public:
    [[nodiscard]] bool due() const { return std::chrono::steady_clock::now() >= next_; }
    void asked() {
        constexpr std::chrono::seconds rarest{300};
        next_ = std::chrono::steady_clock::now() + pause_;
        pause_ = std::min(pause_ * 2, rarest);
    }

  private:
    std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
    std::chrono::seconds pause_{10};
};

}  // namespace pavtest::cmd
