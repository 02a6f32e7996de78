// What was frozen at submission: the header (session.json) and the resolved tests
// (plan.json). See docs/formats.md.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace pavtest::session {

inline constexpr int kPlanFormat = 1;

/// What the suite asks of Slurm for the whole job; null where it asks nothing.
struct Wanted {
    std::optional<std::string> nodes;  // "4", "2-4"
    std::optional<std::string> tasks;
    std::optional<std::string> tasks_per_node;
    std::int64_t time_limit_minutes = 0;
    std::optional<std::string> partition, account, qos, reservation, constraint, include, exclude,
        core_spec;
    std::vector<std::string> extra;  // sbatch options as written
};

struct Header {
    std::string id;
    Timestamp created;
    std::string user;
    std::uint32_t uid = 0;
    std::optional<std::string> cluster;
    std::string submit_host;
    std::string submit_dir;
    std::string pavtest_version;
    std::vector<std::string> request, suites, modes, overrides;
    std::optional<std::string> host, os;
    std::string script = "generated";  // "own", "allocation"
    std::uint32_t tests = 0;
    std::vector<std::uint32_t> skipped;
    Wanted wanted;
};

struct PlannedTest {
    std::uint32_t index = 0;
    std::string name, suite, test;
    std::optional<std::string> subtitle;
    std::vector<std::string> skip_reasons;
    bool deferred = false;                // strings are left to resolve on the node
    std::uint32_t nodes = 1;              // how many it needs at least
    std::uint32_t tasks_per_node = 1;
    std::optional<std::string> source;    // below the session directory
    nlohmann::json config;                // Pavilion's keys; all leaves strings or null
    nlohmann::json variables;             // for deferred strings
};

struct Plan {
    std::string id;
    std::vector<PlannedTest> tests;
};

std::string to_json(const Header& header);
Result<Header> header_from_json(std::string_view text);
std::string to_json(const Plan& plan);
Result<Plan> plan_from_json(std::string_view text);

}  // namespace pavtest::session
