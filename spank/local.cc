// srun makes no test session: a session's job is a batch job or an allocation.
#include "local.h"

#include <cstdlib>

#include "slurm_version.h"

namespace pavtest::spank {

int local_option(Option option) {
    if (std::getenv("SLURM_JOB_ID") != nullptr) {
        return 0;
    }
    slurm_error(
        "pavtest: srun cannot run a suite by itself, so --%s is refused; use 'sbatch "
        "--pavtest=SUITE', or 'salloc --pavtest=SUITE' and pavrun in there",
        option_name(option));
    return -1;
}

}  // namespace pavtest::spank
