// The job_script context: prolog and epilog of each node, as root.
#pragma once

#include "arguments.h"
#include "job.h"
#include "slurm_version.h"

namespace pavtest::spank {

/// True if the job belongs to a session; all other jobs pay for this look only.
bool has_session();

/// Runs the agent; if that brought nothing to the store, spools a record. Never
/// fails: a non-zero return could drain the node.
void run_hook(Hook hook, spank_t spank, const Arguments& arguments);

}  // namespace pavtest::spank
