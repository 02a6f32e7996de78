// The resolved tests, frozen at submission (plan.json). See docs/formats.md. Apart from the
// header so that only who needs the tests' configuration pays for the JSON library.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "session/header.h"

namespace pavtest::session {

/// A file or tree that was copied into the session.
struct FrozenFile {
    std::string path;    // below the session directory; absolute in what is not frozen yet
    std::string target;  // where it goes
    std::string digest;  // SHA-256 of its content
};

struct PlannedTest {
    std::uint32_t index = 0;
    std::string name, suite, test;
    std::optional<std::string> subtitle;
    std::vector<std::string> skip_reasons;
    bool deferred = false;    // strings are left to resolve on the node
    std::uint32_t nodes = 1;  // how many it needs at least
    std::uint32_t tasks_per_node = 1;
    std::optional<std::string> source;  // below the session directory
    std::string source_digest;          // SHA-256; empty in plans that did not note it
    std::vector<FrozenFile> extra_files;
    nlohmann::json config;        // Pavilion's keys; all leaves strings or null
    nlohmann::json variables;     // for deferred strings
    nlohmann::json permute_vars;  // which permutation it is: variables and their values
};

/// Where builds are shared and what archives may hold, as the site had it at submission.
struct BuildRules {
    std::string area;  // absolute; empty: the store's own shelf
    std::string group;
    std::uint64_t archive_bytes = 4ULL << 30;
    std::uint64_t archive_entries = 100'000;
};

struct Plan {
    std::string id;
    BuildRules builds;
    std::vector<PlannedTest> tests;
};

std::string to_json(const Plan& plan);
/// Refuses a format newer than ours, and tests whose index is not their place.
Result<Plan> plan_from_json(std::string_view text);

}  // namespace pavtest::session
