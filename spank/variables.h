// Names of environment variables. See docs/formats.md, "Environment".
#pragma once

#include "choice.h"
#include "slurm_version.h"

namespace pavtest::spank {

inline constexpr const char* session_variable = "PAVTEST_SESSION";
inline constexpr const char* store_variable = "PAVTEST_STORE";

/// What the plugin tells a job, and pavrun its tests, about their place.
inline constexpr const char* place_variables[] = {
    session_variable,  store_variable,      "PAVTEST_JOB",      "PAVTEST_TEST",
    "PAVTEST_ATTEMPT", "PAVTEST_TEST_NAME", "PAVTEST_TEST_DIR",
};

/// `prefix` and the option's name as Slurm writes it into a variable's name.
template <std::size_t Capacity>
void name_option_variable(Text<Capacity>& name, const char* prefix, Option option) {
    name.assign(prefix);
    for (const char c : std::string_view(option_name(option))) {
        name.append(c == '-' ? '_' : c);
    }
}

/// In sbatch and salloc, before Slurm reads them: an option, a session or a test's
/// place that this process has inherited from the job around it is not the new
/// job's.
void clear_inherited_variables();

}  // namespace pavtest::spank
