// What differs between Slurm's versions, or was read in its source rather than in
// spank.h, in one place. Checked for 22.05 to 26.05.
#pragma once

extern "C" {
#include <slurm/spank.h>
}

namespace pavtest::spank {

static_assert(SLURM_VERSION_NUMBER >= SLURM_VERSION_NUM(22, 5, 0),
              "pavtest needs the headers of Slurm 22.05 or newer");

/// Slurm hands a used option on in variables of these names (plugin and option
/// name, each non-alphanumeric character as '_', follow): the second makes every
/// sbatch and srun that inherits it take the option as given.
inline constexpr const char* option_variable = "_SLURM_SPANK_OPTION_pavtest_";
inline constexpr const char* inherited_option_variable = "SLURM_SPANK__SLURM_SPANK_OPTION_pavtest_";

/// sbatch and salloc put what spank_job_control_setenv was given into the job's
/// environment under this prefix, also with --export=NONE.
inline constexpr const char* job_control_prefix = "SLURM_SPANK_";

/// The same variables as slurmd gives them to prolog and epilog.
inline constexpr const char* job_script_prefix = "SPANK_";

/// sbatch --wait sleeps so long before it first asks for its job: a bad exit
/// status that comes sooner is never the job's.
inline constexpr long wait_asks_after_milliseconds = 2000;

}  // namespace pavtest::spank
