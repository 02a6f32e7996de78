// What the index answers: sessions in their jobs, tests, nodes; and what one may ask for.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "session/view.h"

namespace pavtest::index {

struct Counts {
    std::uint32_t total = 0, pass = 0, fail = 0, error = 0, skipped = 0, unfinished = 0;
};
Counts counts_of(const session::JobView& job);

/// One session in one job.
struct JobRow {
    std::string id;
    std::uint32_t place = 0;  // of the job among the session's
    std::optional<std::uint32_t> job;
    std::uint32_t restarts = 0;
    std::string user, cluster, request, suites, partition, account, submit_host, submit_dir;
    std::uint32_t uid = 0;
    std::string state, note, nodes;
    bool ended = false, settled = false;
    status::Cause cause = status::Cause::none;
    std::optional<status::Role> source;
    std::optional<Timestamp> when, submitted, started, ended_at;
    Counts counts;
    std::size_t flaws = 0;
    std::string flaw;  // the first
};

struct TestRow {
    std::size_t job = 0;  // its place among the job rows
    std::string name;
    session::TestView view;
};

struct NodeRow {
    std::size_t job = 0;
    session::NodeView view;
};

using Match = std::function<bool(const std::string&)>;

/// Empty members ask for nothing in particular.
struct JobFilter {
    Timestamp since, until{INT64_MAX};  // of the submission
    std::vector<std::string> sessions;
    std::vector<std::uint32_t> jobs;
    Match user, cluster, partition, account, request, suites, state, nodes;
    std::optional<std::uint32_t> uid;
    bool ended_only = false;
    std::size_t newest = 0;  // only so many, the newest; 0: all
};

struct TestFilter {
    Match name, state, nodes;
    std::function<bool(const session::TestView&)> result;
    std::uint64_t had = 0;  // states of which it went through at least one (status::state_bit)
    [[nodiscard]] bool any() const { return name || state || nodes || result || had != 0; }
};

}  // namespace pavtest::index
