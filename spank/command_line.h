// sbatch's command line, as far as it can be understood before sbatch itself has
// parsed it: in init, the last moment at which standard input can be replaced.
#pragma once

#include <string_view>

#include "choice.h"

namespace pavtest::spank {

struct CommandLine {
    Choice choice;
    bool asks = false;                  // --pavtest is there, whatever its value
    bool test_only = false;             // --test-only
    bool may_wait = false;              // --wait, or a word that could be it
    bool has_colon = false;             // ':' separates components of a het job
    bool names_standard_input = false;  // the script is /dev/stdin
};

/// Takes both forms, --pavtest=x and --pavtest x. Can be fooled by words that
/// belong to other options or to the job's script; the caller checks against what
/// the options' callbacks say later.
CommandLine scan_command_line(std::string_view words_with_nul);

/// The same for this process.
CommandLine scan_own_command_line();

/// Whether a word is --test-only, or short for it.
bool is_test_only(std::string_view word);

/// Whether the script that this process's command line names has #SBATCH --test-only.
bool own_script_says_test_only();

}  // namespace pavtest::spank
