// Where the index of a store lies.
#pragma once

#include <string>

#include "base/environment.h"
#include "base/settings.h"
#include "index/index.h"

namespace pavtest::index {

/// The file for this store on this host: below the site's `index_dir`, XDG_CACHE_HOME or
/// ~/.cache.
std::string path_for(const Environment& environment, const Account& account,
                     const Settings& settings, const std::string& store);

/// The index there, its directory made if it is missing. Where that can't be, for whatever
/// reason, one in memory.
Result<Index> open_or_in_memory(const std::string& path, const std::string& store);

}  // namespace pavtest::index
