// The second step, on the node: strings that waited for it.
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "suite/resolve.h"
#include "suite/scheduler_facts.h"

namespace pavtest::suite {

/// What is known on the node. The facts of a site are looked for where they were at
/// submission, which `variables` remembers.
struct NodeWorld {
    Environment environment;
    const Clock* clock = nullptr;
    std::vector<NodeFacts> nodes;  // of the test
};

/// The nodes of the job, or of `node_list` within it, from Slurm's environment alone.
Result<std::vector<NodeFacts>> allocated_nodes(const Environment& environment,
                                               std::string_view node_list = {});

/// A resolved configuration with every deferred string finished, from what ResolvedTest's
/// config and variables hold; all errors otherwise.
tl::expected<Json, std::vector<Error>> finish_deferred(const Json& config, const Json& variables,
                                                       const NodeWorld& node);

/// Why a finished configuration is to be skipped after all: its only_if and not_if, whose keys
/// may have waited for the node. Conditions that were decided before decide the same again.
Result<std::vector<std::string>> skip_reasons_on_node(const Json& finished);

}  // namespace pavtest::suite
