// `pavstat wait`: until all is over.
#pragma once

#include <chrono>
#include <optional>

#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

/// Whether all that was collected is over; then 0 where every test that was not skipped
/// passed, 1 where one failed, 3 where one has no result.
std::optional<int> verdict_of(const Collected& collected);

/// Looks at the records every second, at Slurm itself ever more rarely. Exit status 3 when the
/// time is over.
Result<int> wait_for_end(const Viewer& viewer, const PavstatOptions& options,
                         std::optional<std::chrono::seconds> timeout);

}  // namespace pavtest::cmd
