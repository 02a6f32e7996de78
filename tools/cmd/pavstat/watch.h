// -i and --watch: the same view again and again, until all is over.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/outputs.h"

namespace pavtest::cmd {

struct WatchHow {
    std::chrono::milliseconds pause{1000};
    bool terminal = false;    // a screen that is redrawn; otherwise plain tables
    bool each_change = true;  // plain: a table for each change; otherwise the last alone
};

/// What a view looks like; the width is for a line of progress, 0 where none is wanted.
using Render = std::function<Result<std::string>(const Collected&, std::size_t width)>;

/// Looks at the records at each turn, and at Slurm itself ever more rarely.
Result<> watch(const Viewer& viewer, const PavstatOptions& options, const WatchHow& how,
               const Render& render, const Write& write);

}  // namespace pavtest::cmd
