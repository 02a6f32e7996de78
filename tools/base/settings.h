// The site's and the user's settings: pavtest.yaml, found, checked and merged.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/error.h"

namespace pavtest {

/// Who asks. A value, so that tests can be anybody.
struct Account {
    uid_t uid = 0;
    std::string name;
    std::string home;
    /// Of the real uid, from the password database; HOME is not trusted for root.
    static Result<Account> of_process(const Environment& environment);
    static Result<Account> of_uid(uid_t uid);
};

/// What a site allows. It binds the programs that it installed: a user can always run others.
struct SitePolicy {
    std::set<std::string> pinned;  // settings that neither a user's file nor variables change
    std::optional<std::vector<std::string>> allow_users, allow_groups;  // globs; either suffices
    std::optional<std::vector<std::string>> allowed_modes;              // globs
    std::uint64_t max_tests = 0;                                        // 0: any number
    std::chrono::minutes max_job_time{0};  // 0: as long as Slurm allows
};

/// Settings after merging. Paths are absolute, `{user}`, `{uid}` and `{home}` replaced.
struct Settings {
    std::string store;                         // where new sessions go
    std::vector<std::string> store_templates;  // as written, for other users' stores
    std::string store_group;                   // group that may read; empty: private
    std::vector<std::string> config_dirs;      // of the site, in order
    std::string node_dir;                      // node-local, for builds and scratch
    std::string index_dir;                     // node-local, for pavstat's index; empty: the cache
    std::chrono::seconds hook_deadline{10};
    std::chrono::seconds default_test_time{300};
    std::chrono::seconds job_margin{300};       // added to the sum of the tests' times
    std::uint64_t source_limit = 256ULL << 20;  // bytes of sources frozen with a session
    std::int64_t retention_days = 0;            // pavstat prune; 0: nothing is removed
    // Finished builds that the members of a group share; empty: each user's own, in the store.
    std::string build_area;
    std::string build_group;
    std::uint64_t archive_limit = 4ULL << 30;  // bytes that a source may unpack to
    std::uint64_t archive_entries = 100'000;
    std::string site_file;  // that was read; empty if there was none
    SitePolicy policy;
};

/// Reads the site's file (PAVTEST_CONFIG or the built-in place) and then the user's own
/// (~/.config/pavtest/pavtest.yaml), which may set only what a user may set. A site file
/// that others may write, itself or by a directory above it, is refused. Missing files are fine.
Result<Settings> load_settings(const Environment& environment, const Account& account);

/// Whether the site lets this account use its pavtest: by name or by one of its groups.
Result<> check_user(const Settings& settings, const Account& account);

}  // namespace pavtest
