// Everything that is wrong or doubtful in a configuration, at once.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "suite/resolve.h"

namespace pavtest::suite {

struct CheckReport {
    std::vector<Error> errors;
    std::vector<Error> warnings;
    std::size_t suites = 0;
    std::size_t tests = 0;  // permutations counted once
};

/// What to check it for: host, os, modes and overrides are laid over as in resolve(); its
/// requests are not used. `paths` are suites' names, their files, or suite directories;
/// none: all suites, hosts, os and modes of the world.
CheckReport check(const World& world, const Selection& selection,
                  const std::vector<std::string>& paths = {});

}  // namespace pavtest::suite
