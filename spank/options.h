// The --pavtest options as Slurm knows them.
#pragma once

#include "slurm_version.h"

namespace pavtest::spank {

/// In every context in which options are parsed: allocator, local and remote.
void register_options(spank_t spank);

}  // namespace pavtest::spank
