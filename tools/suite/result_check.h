// Checks of result_parse, result_evaluate and reference that can be made before a test runs.
#pragma once

#include "suite/problems.h"
#include "suite/value.h"

namespace pavtest::suite {

void check_results(const Value& config, Problems& problems);

}  // namespace pavtest::suite
