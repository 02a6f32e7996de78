// The lines of a script that load, swap and unload environment modules, and check that they did:
// for Lmod and for Tcl modules.
#pragma once

#include <string>
#include <vector>

namespace pavtest::build {

struct EnvironmentChange;

/// What is done in place of loading a module; and what is set when it is loaded or swapped in.
struct ModuleWrapper {
    std::string pattern;               // of its name, with `*` and `?`
    std::vector<std::string> modules;  // one that matches the pattern is the one asked for
    std::vector<EnvironmentChange> environment;
};

/// The file in the test's directory in which a script leaves what was wrong with its modules.
inline constexpr const char* kEnvironmentFailure = "env_failed";

/// `modules` as suites have them: "name" loads, "-name" unloads, "old->new" swaps. The script
/// ends with status 1 where one does not work. Empty if there are none.
std::vector<std::string> module_lines(const std::vector<std::string>& modules,
                                      const std::vector<ModuleWrapper>& wrappers);

}  // namespace pavtest::build
