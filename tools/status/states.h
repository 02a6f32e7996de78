// The states of a test, with their help texts: the seed's, and those that newer
// Pavilions write and a reader therefore meets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pavtest::status {

struct StateInfo {
    std::string_view name;  // ASCII capitals, at most 15 characters
    std::string_view help;
    bool ours;  // false: only met in Pavilion's own files, never written by us
};

/// All known states, sorted by name.
std::span<const StateInfo> known_states();
/// Null for a state that nobody knows.
const StateInfo* find_state(std::string_view name);
/// One bit for each known state, one for all others, none for an empty name.
std::uint64_t state_bit(std::string_view name);
/// Whether a name obeys the seed's rules for states (also unknown ones).
bool well_formed_state(std::string_view name);

namespace state {
inline constexpr std::string_view aborted = "ABORTED";
inline constexpr std::string_view building = "BUILDING";
inline constexpr std::string_view build_created = "BUILD_CREATED";
inline constexpr std::string_view build_deferred = "BUILD_DEFERRED";
inline constexpr std::string_view build_done = "BUILD_DONE";
inline constexpr std::string_view build_error = "BUILD_ERROR";
inline constexpr std::string_view build_failed = "BUILD_FAILED";
inline constexpr std::string_view build_reused = "BUILD_REUSED";
inline constexpr std::string_view build_timeout = "BUILD_TIMEOUT";
inline constexpr std::string_view build_wait = "BUILD_WAIT";
inline constexpr std::string_view complete = "COMPLETE";
inline constexpr std::string_view created = "CREATED";
inline constexpr std::string_view creation_error = "CREATION_ERROR";
inline constexpr std::string_view env_failed = "ENV_FAILED";
inline constexpr std::string_view info = "INFO";
inline constexpr std::string_view invalid = "INVALID";
inline constexpr std::string_view prepping_run = "PREPPING_RUN";
inline constexpr std::string_view results = "RESULTS";
inline constexpr std::string_view results_error = "RESULTS_ERROR";
inline constexpr std::string_view running = "RUNNING";
inline constexpr std::string_view run_done = "RUN_DONE";
inline constexpr std::string_view run_error = "RUN_ERROR";
inline constexpr std::string_view run_timeout = "RUN_TIMEOUT";
inline constexpr std::string_view run_user = "RUN_USER";
inline constexpr std::string_view scheduled = "SCHEDULED";
inline constexpr std::string_view sched_cancelled = "SCHED_CANCELLED";
inline constexpr std::string_view sched_error = "SCHED_ERROR";
inline constexpr std::string_view skipped = "SKIPPED";
inline constexpr std::string_view status_error = "STATUS_ERROR";
inline constexpr std::string_view unknown = "UNKNOWN";
}  // namespace state

}  // namespace pavtest::status
