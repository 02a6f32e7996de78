// What a submission has to know of the cluster: its name, and a partition's size and limit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/environment.h"
#include "base/error.h"

namespace pavtest::session {

/// The cluster that a submission from here goes to: SLURM_CLUSTERS where it names one, else
/// ClusterName of slurm.conf (SLURM_CONF, or the usual places). Asks no daemon.
std::optional<std::string> local_cluster_name(const Environment& environment);

/// The nodes that a job can wait for; not those that are down, drained or reserved. One question
/// to sinfo. An empty name is the default partition.
Result<std::uint32_t> partition_node_count(const std::string& partition);

/// MaxTime of a partition in minutes; nothing if it has none. One question to scontrol.
Result<std::optional<std::int64_t>> partition_time_limit(const std::string& partition);

}  // namespace pavtest::session
