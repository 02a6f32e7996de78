// What a test has left: its output and its results.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

using Write = std::function<bool(const std::string&)>;

/// The output of each collected test, safe for a terminal. With `ended`, follows the (only)
/// test until that says so.
Result<> show_logs(const Collected& collected, const Write& write,
                   const std::function<bool()>& ended);

/// {"results": [{"test": …, …}]}: the results files of the collected tests.
Result<std::string> results_json(const Collected& collected);

}  // namespace pavtest::cmd
