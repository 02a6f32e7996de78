// What pavsuite doctor looks at, and what it says of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/settings.h"

namespace pavtest::cmd::doctor {

/// In the order of how bad it is, but for `unknown`, which is worse than none but no proof.
enum class Level { ok, warning, problem, unknown };

struct Finding {
    std::string check;
    Level level = Level::ok;
    std::string what;
    std::string advice;  // what to do; empty when it is well
};

using Findings = std::vector<Finding>;

/// Our line in plugstack.conf or what it includes.
struct PluginLine {
    std::string file;
    std::string mode;  // "optional", "required"
    std::string path;
    std::vector<std::string> arguments;
    /// The value of KEY=VALUE among the arguments.
    [[nodiscard]] std::optional<std::string> argument(std::string_view key) const;
};

/// Who asks, where. What Slurm says is asked for once.
struct Patient {
    Environment environment;
    Account account;
    Result<Settings> settings;
    Result<std::string> slurm_config;  // scontrol show config
    std::vector<std::string> stack;    // files of plugstack.conf, as far as they can be read
    std::vector<PluginLine> plugins;   // ours in it

    static Patient here(const Environment& environment, const Account& account);
    [[nodiscard]] std::optional<std::string> slurm(std::string_view key) const;
    [[nodiscard]] std::chrono::seconds deadline() const;  // of the hooks
    [[nodiscard]] std::string pavnode() const;
    [[nodiscard]] std::string spool() const;
};

/// What stands in plugstack.conf and in what it includes.
void read_plugstack(const std::string& file, std::vector<std::string>& files,
                    std::vector<PluginLine>& found, int depth = 0);

/// Who else than root and `uid` may write a file, or replace it; empty if nobody.
std::string who_may_write(const std::string& path, uid_t uid);

Findings check_plugin(const Patient& patient);    // include line, sbatch, slurmd
Findings check_versions(const Patient& patient);  // of programs, plugin and Slurm
Findings check_slurm(const Patient& patient);     // PrologFlags, time-outs
Findings check_settings(const Patient& patient);  // files, and who may write them
Findings check_store(const Patient& patient);
Findings check_spool(const Patient& patient);
Findings check_hooks(const Patient& patient);    // did prologs and epilogs leave records?
Findings check_dry_run(const Patient& patient);  // prolog and epilog on a store for the moment

}  // namespace pavtest::cmd::doctor
