// How large a job must be for the tests of a plan, and which tests can share one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "session/plan.h"

namespace pavtest::session {

/// What sizing has to know beyond the tests.
struct SizingRules {
    std::chrono::seconds default_test_time{300};  // of a test that sets no time_limit
    std::chrono::seconds margin{300};             // added to what the packing needs
    /// How many nodes of a partition can be used (empty: the default one): asked once at the
    /// most, and only for `nodes: all` and percentages.
    std::function<Result<std::uint32_t>(const std::string& partition)> node_count;
    /// What the job gets whatever the tests ask, because somebody said so: then the packing is
    /// that of such a job.
    std::optional<std::uint32_t> given_nodes, given_tasks_per_node;
};

/// Tests that agree on partition, account, qos and reservation, and so can share a job.
struct AllocationGroup {
    std::string what;  // "partition=gpu qos=high", or "no preference"
    std::vector<std::uint32_t> tests;
};

/// Groups in the order of their first tests. A test that sets none of the four goes with
/// the first group.
std::vector<AllocationGroup> allocation_groups(const std::vector<PlannedTest>& tests);

/// The job for all tests that are not skipped: the most nodes and tasks per node that any
/// asks, and the time that they need when packed, each taking as long as it may in as many
/// attempts as it may, plus the margin. Fills in each test's `nodes` and
/// `tasks_per_node`. Refuses tests that fall into more than one group.
Result<Wanted> size_job(std::vector<PlannedTest>& tests, const SizingRules& rules);

/// A leaf of a test's configuration, "schedule.slurm.mpi_cmd"; empty when absent or null.
std::string config_text(const nlohmann::json& config, std::string_view dotted);
/// A list of strings in a test's configuration; empty when absent or null.
std::vector<std::string> config_list(const nlohmann::json& config, std::string_view dotted);

}  // namespace pavtest::session
