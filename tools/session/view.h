// Reading: the journals of a session merged into what is true of it and its tests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "session/plan.h"
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
    std::optional<status::Role> source;  // who wrote the state
    std::optional<Timestamp> when, started, ended;
    std::optional<int> return_value;
    std::optional<double> duration;
    std::string nodes;
    std::uint32_t attempt = 0;
    bool ended_for_good = false;  // an end that no restart will change
    bool again = false;           // interrupted: runs again if the job does
};

struct NodeView {
    std::string name;
    std::optional<Timestamp> joined, left;
    std::string joined_by, left_by;  // "prolog", "epilog", "spool"
    std::string data;                // the last JSON extras (exit code and the like)
};

/// A line or file that was left out, and why.
struct Flaw {
    std::string file;
    std::uint64_t line = 0;
    std::string what;
};

/// One job of a session, all its restarts merged.
struct JobView {
    std::optional<std::uint32_t> job;  // none: it never started (or is not known yet)
    std::uint32_t restarts = 0;        // the highest restart count
    std::string state, note;           // of the session in this job
    bool ended = false;
    status::Cause cause = status::Cause::none;
    std::optional<status::Role> source;
    std::optional<Timestamp> when, submitted, started, ended_at;
    std::string nodes;
    std::vector<TestView> tests;
    std::map<std::string, NodeView> node_views;
    std::vector<Flaw> flaws;
};

struct SessionView {
    Header header;
    std::vector<JobView> jobs;  // at least one; sorted by job id
    std::vector<Flaw> flaws;
};

/// Reads every journal of the session once. Never writes. Unreadable parts become flaws.
Result<SessionView> view_session(const SessionDirectory& session);

/// All records of the session in reading order, with the file they came from: --history.
struct SourcedRecord {
    status::Record record;
    std::string file;
    bool ignored = false;  // flagged: came after an end
};
Result<std::vector<SourcedRecord>> history(const SessionDirectory& session, std::vector<Flaw>* flaws);

}  // namespace pavtest::session
