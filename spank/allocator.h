// The allocator context: sbatch and salloc.
#pragma once

#include "arguments.h"
#include "choice.h"
#include "command_line.h"
#include "program.h"
#include "slurm_version.h"

namespace pavtest::spank {

/// Never fails. In an sbatch that seems to ask for a suite, renders it and puts the
/// batch script on standard input; what goes wrong is told by the callback.
void allocator_init(const Arguments& arguments, Program program, const CommandLine& line);

/// The option's callback: 0, or -1 to refuse, with the reason told.
int allocator_option(Option option, const char* value);

/// Freezes the session and passes it on to the job; ends the command with a message
/// where that is impossible.
void allocator_init_post_opt(spank_t spank);

}  // namespace pavtest::spank
