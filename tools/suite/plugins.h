// What a Pavilion configuration directory has that is not used here any more, and what
// takes its place.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace pavtest::suite {

/// A warning for each Python plugin, and for the folders tests/ and test_src/.
std::vector<Error> deprecated_folders(const std::string& config_directory);

}  // namespace pavtest::suite
