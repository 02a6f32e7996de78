// Comparing what stat says with what it said.
#include "run/output_watch.h"

#include <algorithm>

namespace pavtest::run {

OutputWatch::OutputWatch(int log, std::string other_file, std::optional<double> timeout,
                         Duration now)
    : log_(log),
      other_file_(std::move(other_file)),
      quiet_since_(now),
      looked_at_(now),
      seen_(look()) {
    if (timeout) {
        // A year is for ever, and fits.
        constexpr double longest = 365.0 * 24 * 3600;
        timeout_ = std::chrono::duration_cast<Duration>(
            std::chrono::duration<double>(std::min(*timeout, longest)));
    }
}

OutputWatch::Seen OutputWatch::look() const {
    struct stat info {};
    if ((!other_file_.empty() && ::stat(other_file_.c_str(), &info) == 0) ||
        ::fstat(log_, &info) == 0) {
        return {info.st_size, info.st_mtim};
    }
    return {};
}

bool OutputWatch::timed_out(Duration now) {
    if (!timeout_) {
        return false;
    }
    looked_at_ = now;
    const Seen seen = look();
    if (!(seen == seen_)) {
        seen_ = seen;
        quiet_since_ = now;
    }
    return now - quiet_since_ > *timeout_;
}

std::optional<OutputWatch::Duration> OutputWatch::next_look() const {
    if (!timeout_) {
        return std::nullopt;
    }
    // Often enough to know when the last output came, to a second or a tenth of the time.
    constexpr Duration often = std::chrono::seconds(1);
    constexpr Duration least = std::chrono::milliseconds(20);
    const Duration interval = std::clamp(*timeout_ / 10, least, often);
    return std::min(looked_at_ + interval, quiet_since_ + *timeout_ + Duration(1));
}

}  // namespace pavtest::run
