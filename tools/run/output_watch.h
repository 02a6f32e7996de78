// Noticing that a script has gone quiet.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string>

namespace pavtest::run {

/// Watches the log, or, as soon as it is there, another file in its place. What counts is
/// that size or time of change differ from when we last looked, by our own clock: a file
/// server's clock may be an hour off.
class OutputWatch {
  public:
    using Duration = std::chrono::microseconds;

    OutputWatch(int log, std::string other_file, std::optional<double> timeout, Duration now);

    /// Looks; true when nothing has changed for longer than allowed.
    bool timed_out(Duration now);
    /// When to look again at the latest; nothing where there is no time-out.
    [[nodiscard]] std::optional<Duration> next_look() const;

  private:
    struct Seen {
        off_t size = -1;
        struct timespec changed {};
        bool operator==(const Seen& other) const {
            return size == other.size && changed.tv_sec == other.changed.tv_sec &&
                   changed.tv_nsec == other.changed.tv_nsec;
        }
    };
    [[nodiscard]] Seen look() const;

    int log_;
    std::string other_file_;
    std::optional<Duration> timeout_;
    Duration quiet_since_;
    Duration looked_at_;
    Seen seen_;
};

}  // namespace pavtest::run
