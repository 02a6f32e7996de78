// The helper on a further node of the job: starts the scripts that the runner sends there.
#pragma once

#include <string>

#include "base/environment.h"
#include "base/error.h"

namespace pavtest::run {

/// Serves until its input ends, then ends all scripts. `environment` is this process's own.
/// Forks: the parent only waits, and ends what is left if the child dies.
ExitCode serve_node(const Environment& environment);

}  // namespace pavtest::run
