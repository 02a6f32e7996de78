// What became of a submission: told from the command's exit status.
#pragma once

#include "state.h"

namespace pavtest::spank {

enum class Verdict { accepted, refused, unknown };

struct CommandEnd {
    int exit_status;
    long long milliseconds;  // since the session was frozen
    bool may_wait;           // sbatch may be waiting for the job's end
    bool got_allocation;     // salloc
};

/// Only what is certain: a bad status may be the job's own (sbatch --wait), or that
/// of the command that salloc ran.
Verdict judge(Program program, const CommandEnd& end);

/// Records the verdict when this process exits.
void watch_submission();

}  // namespace pavtest::spank
