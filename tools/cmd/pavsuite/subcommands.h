// The subcommands of pavsuite: each adds itself to the command line and returns what to
// run when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace pavtest::cmd {

using Chosen = std::function<int()>;

/// Suites and tests, and what else there is to choose from.
Chosen add_list(CLI::App& app);
/// What requests resolve to, and why.
Chosen add_show(CLI::App& app);
/// All errors and warnings of suites.
Chosen add_check(CLI::App& app);
/// A suite to start from.
Chosen add_new(CLI::App& app);
/// The batch script for a request; with descriptors, the plugin's side of it.
Chosen add_render(CLI::App& app);
/// Jobs from requests, with the plugin or without it.
Chosen add_submit(CLI::App& app);
/// Whether pavtest is installed as it should be.
Chosen add_doctor(CLI::App& app);
/// Builds beforehand.
Chosen add_build(CLI::App& app);
/// What is built, and taking it away.
Chosen add_builds(CLI::App& app);
/// For the plugin: a session on disk from what render resolved.
Chosen add_freeze(CLI::App& app);
/// For the plugin: how sbatch ended.
Chosen add_submission(CLI::App& app);

}  // namespace pavtest::cmd
