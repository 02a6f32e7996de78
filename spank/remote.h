// The remote context: slurmstepd.
#pragma once

#include "slurm_version.h"

namespace pavtest::spank {

/// Gives a job that was submitted with --export=NONE (or a list) its session, which
/// only Slurm's own variables still name; takes the inherited options away, so that
/// no sbatch or srun inside acts on them again.
void remote_init_post_opt(spank_t spank);

}  // namespace pavtest::spank
