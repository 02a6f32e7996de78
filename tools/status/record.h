// One record of a journal: see docs/formats.md, "Records".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace pavtest::status {

inline constexpr std::size_t kRecordMax = 4096;  // bytes with the newline: one atomic append

/// Who speaks; the order of the enumerators is the order of reading.
enum class Role { submit, prolog, runner, user, epilog, settle };

/// Why something ended. `none`: no statement. `pending`: ended, not yet proven why.
enum class Cause {
    none,
    pending,
    finished,
    skipped,
    timeout,
    time_limit,
    cancelled,
    refused,
    out_of_memory,
    node_failure,
    runner_killed,
    preempted,
    requeued,
    store_lost,
    not_run,
    failed_to_start,
    unknown
};

enum class Verdict { none, pass, fail, error };

std::string_view to_string(Role role);
std::string_view to_string(Cause cause);      // "time limit"; "" for none
std::string_view to_string(Verdict verdict);  // "PASS"; "" for none
std::optional<Role> role_from(std::string_view text);
std::optional<Cause> cause_from(std::string_view text);
std::optional<Verdict> verdict_from(std::string_view text);

struct Record {
    std::uint64_t seq = 0;  // set by the journal that appends it
    Timestamp when;         // set by the journal
    Role role = Role::runner;
    std::string host;  // set by the journal
    std::optional<std::uint32_t> restart;
    std::optional<std::uint32_t> job;

    std::optional<std::uint32_t> test;  // one test, or
    std::string tests;                  // "*" or "0-3,7"; both empty: about the session
    std::uint32_t attempt = 0;          // from 1; 0: not about an attempt

    std::string state;
    std::string note;
    bool end = false;
    bool again = false;
    Verdict result = Verdict::none;
    Cause cause = Cause::none;

    std::optional<int> return_value;
    std::optional<int> signal;
    std::optional<double> duration;  // seconds
    std::string nodes;               // compressed host list
    std::string node;                // "joined", "left"
    std::string key;                 // of a spooled record
    std::string data;                // a JSON object as text, or empty
};

/// What a cut note ends in.
inline constexpr std::string_view kCutMark = " [cut]";

/// One line with its newline, at most kRecordMax bytes. Where it would be longer, the note
/// is cut on a character boundary and says so; where that is not enough, `data` and then
/// `nodes` are left out. Ill-formed UTF-8 is replaced. `data` that is no JSON object is
/// left out. `tests` is the journal's to keep short (kTestsMax).
std::string encode(const Record& record);

/// A line without its newline. Refuses what is no record of a version that we know;
/// unknown keys are ignored.
Result<Record> decode(std::string_view line);

/// How long a `tests` expression may be in one record.
inline constexpr std::size_t kTestsMax = 2048;

/// First and last index, both included.
using TestRange = std::pair<std::uint32_t, std::uint32_t>;
/// The ranges of a `tests` expression ("*", "0-3,7"); a malformed one holds nothing.
std::vector<TestRange> parse_tests(std::string_view tests);
/// Whether `index` is in a `tests` expression.
bool names_test(std::string_view tests, std::uint32_t index);
/// The shortest expression for sorted indices; empty for none.
std::string test_ranges(std::span<const std::uint32_t> sorted);

}  // namespace pavtest::status
