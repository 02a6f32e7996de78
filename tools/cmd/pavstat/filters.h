// What the command line filters by, as the index takes it.
#pragma once

#include "base/error.h"
#include "cmd/pavstat/viewer.h"
#include "index/rows.h"

namespace pavtest::cmd {

struct IndexFilters {
    index::JobFilter jobs;
    index::TestFilter tests;
};

/// Refuses what names no state, no result, no host list.
Result<IndexFilters> filters_of(const PavstatOptions& options, Timestamp default_since);

}  // namespace pavtest::cmd
