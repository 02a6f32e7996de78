// What the script that a user named says in its #SBATCH lines, as far as a plugin has to
// know: Slurm tells it nothing of them.
#pragma once

#include <string_view>

namespace pavtest::spank {

/// Whether the script among a command's words (the first that is a file and begins with
/// "#!") has #SBATCH --test-only.
bool script_says_test_only(std::string_view words_with_nul);

}  // namespace pavtest::spank
