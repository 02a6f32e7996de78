// A session's header (session.json): who asked for what, when; small enough for a list of
// sessions to read. See docs/formats.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace pavtest::session {

inline constexpr int kPlanFormat = 1;

/// What the suite asks of Slurm for the whole job; null where it asks nothing.
struct Wanted {
    std::optional<std::string> nodes;  // "4", "2-4"
    std::optional<std::string> tasks;
    std::optional<std::string> tasks_per_node;
    std::int64_t time_limit_minutes = 0;
    std::optional<std::string> partition, account, qos, reservation, constraint, include, exclude,
        core_spec;
    std::vector<std::string> extra;  // sbatch options as written
};

struct Header {
    std::string id;
    Timestamp created;
    std::string user;
    std::uint32_t uid = 0;
    std::optional<std::string> cluster;
    std::string submit_host;
    std::string submit_dir;
    std::string pavtest_version;
    std::vector<std::string> request, suites, modes, overrides;
    std::optional<std::string> host, os;
    std::string script = "generated";  // "own", "allocation"
    std::uint32_t tests = 0;
    std::vector<std::uint32_t> skipped;
    /// Guarantees that the submission did not have: "prolog", "epilog" without the plugin.
    std::vector<std::string> without;
    Wanted wanted;
};

std::string to_json(const Header& header);
/// Refuses a format newer than ours; unknown keys are ignored.
Result<Header> header_from_json(std::string_view text);

}  // namespace pavtest::session
