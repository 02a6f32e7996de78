// What pavstat prints: tables for people, JSON and YAML for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/fields.h"

namespace pavtest::cmd {

/// A line a session and job, or a line a test.
/// `times` is SLURM_TIME_FORMAT and outlives them.
std::vector<Subject> session_lines(const Collected& collected, Timestamp now,
                                   std::string_view times = {});
std::vector<Subject> test_lines(const Collected& collected, Timestamp now,
                                std::string_view times = {});

std::string sessions_table(const Collected& collected, Timestamp now, bool no_header);
std::string tests_table(const Collected& collected, Timestamp now, bool no_header);
/// One line a node that took part.
Result<std::string> nodes_table(const Collected& collected, bool no_header);
/// One line a record, in the order in which it is read.
Result<std::string> history_table(const Collected& collected, bool no_header);
/// The states and what they mean.
std::string states_table(bool no_header);

/// {"sessions": […]}, see docs: pavstat(1). Collected with its tests.
nlohmann::ordered_json sessions_json(const Collected& collected);
std::string json_text(const nlohmann::ordered_json& document);
std::string yaml_text(const nlohmann::ordered_json& document);

}  // namespace pavtest::cmd
