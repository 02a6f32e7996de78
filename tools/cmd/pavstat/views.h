// What pavstat prints: tables for people, JSON for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "cmd/pavstat/collect.h"
#include "session/view.h"

namespace pavtest::cmd {

struct Counts {
    std::uint32_t total = 0, pass = 0, fail = 0, error = 0, skipped = 0, unfinished = 0;
};
Counts counts_of(const session::JobView& job);

/// One line a session and job.
std::string sessions_table(const Collected& collected, Timestamp now, bool no_header);
/// One line a test.
std::string tests_table(const Collected& collected, Timestamp now, bool no_header);
/// One line a node that took part.
std::string nodes_table(const Collected& collected, bool no_header);
/// One line a record, in the order in which it is read.
Result<std::string> history_table(const Collected& collected, bool no_header);
/// The states and what they mean.
std::string states_table(bool no_header);

/// {"sessions": […]}, see docs: pavstat(1).
std::string sessions_json(const Collected& collected);

}  // namespace pavtest::cmd
