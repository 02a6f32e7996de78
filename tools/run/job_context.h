// Which Slurm job we are in, from the environment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"
#include "session/store.h"

namespace pavtest::run {

struct JobContext {
    session::JobKey key;
    std::string node;                 // this host, as records name it
    std::vector<std::string> nodes;   // of the job, in Slurm's order; at least one
    std::string node_list;            // compressed
    std::vector<std::uint32_t> cpus;  // of the job on each of the nodes; empty if not known

    /// PAVTEST_JOB, which marks every process of ours: "4711.0".
    [[nodiscard]] std::string mark() const { return key.directory_name(); }
    [[nodiscard]] bool on_first_node() const { return nodes.front() == node; }
};

/// Of a batch step, an salloc shell, a prolog or an epilog. ErrorKind::usage outside a job.
Result<JobContext> job_context(const Environment& environment);

}  // namespace pavtest::run
