// What pavsuite wrote to its standard error, passed on through Slurm's log, which
// knows about --quiet, SLURM_DEBUG and the like.
#pragma once

#include <string_view>

namespace pavtest::spank {

enum class Severity { notice, error };

/// The first line is marked as ours, the others follow as they are; blank lines and
/// the name of the program in front are left out.
void pass_on(Severity severity, std::string_view text);

/// All that is in the memory file, up to 64 KiB of it.
void pass_on_file(Severity severity, int file);

}  // namespace pavtest::spank
