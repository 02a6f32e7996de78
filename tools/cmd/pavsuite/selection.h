// What the subcommands that take requests share: their options, and resolving them.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cmd/command.h"
#include "session/freeze.h"
#include "suite/resolve.h"

namespace pavtest::cmd {

/// Options -H -o -m -c -f --fact and the requests.
struct SelectionArguments {
    std::vector<std::string> requests, files, modes, overrides, facts;
    std::string host, os;
    /// What sbatch is told besides; where there is nothing, our parent may be it.
    std::vector<std::string> sbatch_options;
    void add_to(CLI::App& app);
    /// All but the requests and -f.
    void add_layers_to(CLI::App& app);
};

/// The configuration directories in their order: the site's, the user's ~/.pavilion,
/// PAV_CONFIG_DIR, and the suites shipped with pavtest.
std::vector<suite::ConfigDirectory> config_directories(const Process& process);

/// Absolute, without "." and "..", without a slash at its end.
std::string absolute_directory(const std::string& path);

Result<suite::World> world_of(const Process& process, const std::vector<std::string>& facts);
suite::Selection selection_of(const SelectionArguments& arguments);

/// Requests resolved, sized and named: sessions that are not yet on disk. Warnings go to
/// standard error.
struct Prepared {
    std::vector<session::Bundle> bundles;  // one for each job
    std::vector<Error> errors;             // all of them; then there is no bundle
};

/// pavrun beside this pavsuite (a prefix may have been moved), else the installed one.
std::string pavrun_path();

/// Whether tests that can't share an allocation are an error or become several jobs.
enum class Groups { refuse, split };

Prepared prepare(const Process& process, const SelectionArguments& arguments,
                 const std::string& script, Groups groups = Groups::refuse);

}  // namespace pavtest::cmd
