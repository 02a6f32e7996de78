// What changed since the session before of the same suites.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "cmd/pavstat/collect.h"

namespace pavtest::cmd {

struct Change {
    std::string suites;
    std::string before_id, id;  // jobs where there are, else sessions
    std::string name;
    std::string before, now;  // results; empty: the test was not there, or is not now
    std::string nodes, note;  // of now
};

/// The newest of the collected sessions of each suite (all of them, where sessions were named)
/// against the last one before it of the same user, cluster and suites that is over. Only
/// results that differ; a test that has none yet says nothing.
Result<std::vector<Change>> changes_of(const Collected& collected);

std::string changes_table(const std::vector<Change>& changes, bool no_header);
nlohmann::ordered_json changes_json(const std::vector<Change>& changes);

}  // namespace pavtest::cmd
