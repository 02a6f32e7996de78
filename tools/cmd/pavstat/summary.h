// Counts over many tests, and which nodes failures have in common.
#pragma once

#include <string>
#include <vector>

#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

/// What one node has on record.
struct NodeRecord {
    std::string name;
    std::uint32_t pass = 0, fail = 0, error = 0;
    std::optional<Timestamp> last_pass, first_failure;  // the latter since the last pass
};

/// Of all nodes on which tests with a result ran, by name.
std::vector<NodeRecord> node_records(const Collected& collected);

/// Nodes that at least two failures, and more than half of all, have in common and that have
/// passed nothing since: "5 of 6 failures on n17, which passed nothing since …".
std::vector<std::string> suspicions(const Collected& collected);

/// Counts by suite, by state and by node.
std::string summary_table(const Collected& collected, bool no_header);
/// Passes, failures, since when: a line a node of the host list; empty: all.
Result<std::string> node_records_table(const Collected& collected, const std::string& hostlist,
                                       bool no_header);

}  // namespace pavtest::cmd
