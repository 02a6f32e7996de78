// Reading: the journals of a session merged into what is true of it and its tests. The
// rules are those of docs/formats.md, "Reading".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/header.h"
#include "session/store.h"
#include "status/record.h"

namespace pavtest::session {

/// What is known of one test in one job (the latest restart that says anything of it).
struct TestView {
    std::uint32_t index = 0;
    std::string state;  // the last, or the final one
    std::string note;
    status::Verdict result = status::Verdict::none;
    status::Cause cause = status::Cause::none;
    std::optional<status::Role> source;  // who says so
    std::optional<Timestamp> when, started, ended;
    std::optional<int> return_value, signal;
    std::optional<double> duration;
    std::string nodes;
    std::uint32_t attempt = 0;
    std::uint64_t had = 0;        // the states that it went through: status::state_bit of each
    bool ended_for_good = false;  // Slurm will not start the job again by itself
    bool again = false;           // interrupted: runs again if the job does
};

struct NodeView {
    std::string name;
    std::uint32_t restart = 0;  // the last one that it took part in
    std::optional<Timestamp> joined, left;
    std::string joined_by, left_by;  // "prolog", "epilog", "spool"
    std::string data;                // the last JSON extras (exit code and the like)
};

/// A line or file that was left out, and why.
struct Flaw {
    std::string file;
    std::uint64_t line = 0;  // 0: the whole file
    std::string what;
};

/// One job of a session, all its restarts merged.
struct JobView {
    std::optional<std::uint32_t> job;  // none: it never started (or is not known yet)
    std::uint32_t restarts = 0;        // the highest restart count
    std::string state, note;           // of the session in this job
    bool ended = false;                // and Slurm will not start it again by itself
    bool again = false;                // the last restart ended and Slurm may start another
    status::Cause cause = status::Cause::none;
    std::optional<status::Role> source;
    std::optional<Timestamp> when, submitted, started, ended_at;
    std::string nodes;
    std::vector<TestView> tests;
    std::map<std::string, NodeView> node_views;
    bool runner_spoke = false;                     // in the latest restart
    std::uint32_t array_job = 0, array_count = 0;  // as the runner found them; 0: no array
    bool has_directory = false;                    // it started, or at least tried to
    /// Of the latest restart: the last sequence number of each journal that could still change
    /// how it ended; and the same at the first of the looks since which Slurm does not know
    /// the job and nothing was written.
    std::map<std::string, std::uint64_t> seen, seen_at_look;
    std::optional<Timestamp> not_known_since;
    std::vector<Flaw> flaws;

    /// Whether there is nothing left that Slurm could be asked about.
    [[nodiscard]] bool settled() const;
};

struct SessionView {
    Header header;
    std::optional<Timestamp> accepted;  // when Slurm took the submission
    std::uint32_t array_job = 0;        // Slurm's id of the array; 0: none, as far as is known
    std::uint32_t array_count = 0;      // how many tasks it has
    std::vector<JobView> jobs;          // at least one; sorted by job id
    std::vector<Flaw> flaws;            // of the session's own files

    /// Whether tasks of the array have no job on record yet.
    [[nodiscard]] bool awaits_tasks() const;
};

/// Reads every journal of the session once. Never writes. Unreadable parts become flaws.
Result<SessionView> view_session(const SessionDirectory& session);

/// All records of the session in reading order, with the file they came from: --history.
/// What a test says of itself stands behind the record of its start.
struct SourcedRecord {
    status::Record record;
    std::string file;
    bool ignored = false;  // it came after an end
};
Result<std::vector<SourcedRecord>> history(const SessionDirectory& session,
                                           std::vector<Flaw>* flaws);

}  // namespace pavtest::session
