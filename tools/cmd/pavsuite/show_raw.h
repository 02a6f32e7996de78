// What stands in the files: the sections of the tests that are asked for, as written.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "cmd/pavsuite/paint.h"
#include "suite/resolve.h"

namespace pavtest::cmd {

/// A request for a suite gives its whole file, one for tests their sections.
Result<std::string> show_raw(const suite::World& world, const std::vector<std::string>& requests,
                             const Paint& paint);

}  // namespace pavtest::cmd
