// only_if and not_if: whether a test is skipped, and why.
#pragma once

#include <string>
#include <vector>

#include "suite/problems.h"
#include "suite/value.h"

namespace pavtest::suite {

/// The reasons to skip a test with this resolved configuration; none: it runs.
std::vector<std::string> skip_reasons(const Value& config, Problems& problems);

}  // namespace pavtest::suite
