// The schedule section with its texts understood: what a test wants of the scheduler.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "suite/datum.h"
#include "suite/problems.h"
#include "suite/value.h"

namespace pavtest::suite {

/// A number, or a share of what there is ("50%", "all").
struct Amount {
    bool is_share = false;
    double share = 0;
    Integer count = 0;
};

struct Schedule {
    std::optional<Amount> nodes, min_nodes, chunk_size;
    Amount tasks_per_node{false, 0, 1};
    std::optional<Integer> tasks, min_tasks_per_node;
    std::string node_state = "up";
    std::optional<std::string> partition, reservation, wrapper;
    std::vector<std::string> across_nodes, include_nodes, exclude_nodes;
    std::string node_selection = "contiguous";
    std::string extra_nodes = "backfill";
    Integer cluster_nodes = 1, cluster_memory = 1000, cluster_cpus = 4;
    std::string bind_to, rank_by;
    std::vector<std::string> mca, mpirun_extra;
    std::vector<std::string> up_states, avail_states, reserved_states, srun_extra;
    std::vector<std::vector<std::string>> features;  // all of them; of each, one
    std::string mpi_cmd = "srun";
};

/// Understands a resolved schedule section; whatever is wrong is a problem.
Schedule read_schedule(const Value& section, Problems& problems);

/// The least and the most nodes that are asked for, of `available`; the most may be open.
struct NodeRange {
    Integer least = 1;
    std::optional<Integer> most;
};
NodeRange node_range(const Schedule& schedule, std::size_t available);

}  // namespace pavtest::suite
