// What the command line and environment of an sbatch say against what a suite wants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "session/header.h"

namespace pavtest::cmd {

/// One option on which they differ.
struct Override {
    std::string option;  // "--time"
    std::string given;   // what stands
    std::string wanted;  // what the suite asked; empty: nothing
    std::string from;    // "command line" or the variable's name
};

/// The options of `arguments` (an sbatch command line with its program name) and the
/// SBATCH_* variables that win over the generated script's directives.
std::vector<Override> overrides(const std::vector<std::string>& arguments,
                                const Environment& environment, const session::Wanted& wanted);

/// What stands for one option, from the command line or else its variable.
std::optional<std::string> given_option(const std::vector<std::string>& arguments,
                                        const Environment& environment, const std::string& option);

/// The wanted options as sbatch takes them: "--nodes=2 --time=35".
std::string as_options(const session::Wanted& wanted);

/// The command line of a process; empty when it can't be read.
std::vector<std::string> command_line_of(int pid);

}  // namespace pavtest::cmd
