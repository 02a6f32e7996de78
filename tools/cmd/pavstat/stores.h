// Which stores to look into.
#pragma once

#include <string>
#include <vector>

#include "cmd/pavstat/viewer.h"

namespace pavtest::cmd {

/// One's own, those of the users that were named, or all that the site's templates name and
/// that are there.
Result<std::vector<std::string>> stores_of(const Viewer& viewer, const PavstatOptions& options);

}  // namespace pavtest::cmd
