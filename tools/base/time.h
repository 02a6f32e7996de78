// Points in time and their text forms; a clock that tests can replace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pavtest {

/// Microseconds since 1970-01-01T00:00:00 UTC.
struct Timestamp {
    std::int64_t microseconds = 0;
    auto operator<=>(const Timestamp&) const = default;
};

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Timestamp now() const = 0;
};

/// The host's clock.
class SystemClock : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override;
};

/// `2026-11-21T20:26:34.123456+01:00`, in the local time zone.
std::string to_rfc3339(Timestamp when);
std::optional<Timestamp> from_rfc3339(std::string_view text);

/// `2026-11-21T20:26:34.123456`, local time without an offset: the seed's form in status
/// files (26 characters, TS_LEN).
std::string to_status_stamp(Timestamp when);
/// The seed's form, or the epoch seconds of newer Pavilions (`1700000000.123456`).
std::optional<Timestamp> from_status_stamp(std::string_view text);

/// `2026-11-21T20:26:34`, local, as squeue shows times.
std::string to_slurm_time(Timestamp when);
/// `D-HH:MM:SS`, or `HH:MM:SS` / `MM:SS` as squeue shows durations.
std::string to_slurm_duration(std::int64_t seconds);
/// Slurm's time limits: minutes, minutes:seconds, hours:minutes:seconds, days-hours, …;
/// nothing for UNLIMITED or what is no duration.
std::optional<std::int64_t> from_slurm_duration(std::string_view text);

}  // namespace pavtest
