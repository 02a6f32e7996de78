// Composing the bash script of a build or a run: what a person can run again by hand.
#pragma once

#include <string>
#include <vector>

#include "build/section.h"

namespace pavtest::build {

/// What a script says besides its section.
struct ScriptFrame {
    std::string shebang = "#!/bin/bash";
    std::string directory;                       // where it runs
    std::string test_id;                         // TEST_ID if the script gets no argument
    std::vector<EnvironmentChange> environment;  // PAVTEST_… for who runs it by hand
};

/// The text of the script: shebang, environment, preamble, modules, the section's own
/// environment, and its commands.
std::string compose_script(const Section& section, const ScriptFrame& frame);

/// Interpreter and arguments from a script's first line, for starting it also where the file
/// system allows no execution.
std::vector<std::string> interpreter_of(const std::string& shebang);

}  // namespace pavtest::build
