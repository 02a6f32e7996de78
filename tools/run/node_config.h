// A test's configuration once more, on the node: strings that waited for it are finished.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/environment.h"
#include "base/error.h"
#include "run/test_files.h"
#include "session/plan.h"

namespace pavtest::run {

/// Finishes the configuration and leaves it in the test's config.json. Runs a site's programs:
/// for a child process.
Result<> write_node_config(const session::PlannedTest& test, const Environment& environment,
                           const std::string& node_list, TestFiles& files);

Result<nlohmann::json> read_node_config(const TestFiles& files);

}  // namespace pavtest::run
