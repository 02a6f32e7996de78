// Versions, and what slurm.conf has to say for hooks to run on every node.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "base/build_info.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/pavsuite/doctor.h"
#include "cmd/pavsuite/selection.h"

namespace pavtest::cmd::doctor {

namespace {

// The last word of what a program says of its version; empty if it cannot be run.
std::string version_of(const std::string& program) {
    Command command;
    command.arguments = {program, "--version"};
    command.deadline = std::chrono::seconds(10);
    const auto done = run(command);
    if (!done || !done->ok()) {
        return {};
    }
    const std::string text(trim(done->output));
    return text.substr(text.find_last_of(" \n") + 1);
}

struct Stamp {
    std::string pavtest;
    std::string slurm;  // "22.05"
};

// "pavtest plugin 0.1.0 for Slurm 0x160508", as plugin.cc has it.
std::optional<Stamp> stamp_of(const std::string& plugin) {
    const auto bytes = read_file(plugin);
    constexpr std::string_view begin = "pavtest plugin ";
    const std::size_t at = bytes ? bytes->find(begin) : std::string::npos;
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const std::vector<std::string> words = split(bytes->c_str() + at + begin.size(), ' ');
    if (words.size() != 4) {
        return std::nullopt;
    }
    const unsigned long number = std::strtoul(words[3].c_str(), nullptr, 16);
    return Stamp{words[0], fmt::format("{:02}.{:02}", number >> 16U, (number >> 8U) & 0xffU)};
}

Finding program_finding(const std::string& path) {
    const std::string version = version_of(path);
    const std::string name = path.substr(path.rfind('/') + 1);
    if (version.empty()) {
        return {"versions", Level::warning, fmt::format("'{}' cannot be run here", path),
                "install pavtest-node"};
    }
    if (version != PAVTEST_VERSION) {
        return {"versions", Level::warning,
                fmt::format("{} is {}, pavsuite is " PAVTEST_VERSION, name, version),
                "one release apart they understand each other; upgrade the rest soon"};
    }
    return {"versions", Level::ok, fmt::format("{} {}", name, version), ""};
}

Finding plugin_finding(const std::string& path, const std::string& slurm) {
    const auto stamp = stamp_of(path);
    if (!stamp) {
        return {"versions", Level::unknown, fmt::format("'{}' does not tell its version", path),
                "install slurm-spank-pavtest of this release"};
    }
    if (!slurm.empty() && !slurm.starts_with(stamp->slurm + ".")) {
        return {"versions", Level::problem,
                fmt::format("the plugin is for Slurm {}, and this is {}", stamp->slurm, slurm),
                fmt::format("install the plugin's package for Slurm {}",
                            slurm.substr(0, slurm.rfind('.')))};
    }
    if (stamp->pavtest != PAVTEST_VERSION) {
        return {"versions", Level::warning,
                fmt::format("the plugin is {}, pavsuite is " PAVTEST_VERSION, stamp->pavtest),
                "one release apart they understand each other; upgrade the rest soon"};
    }
    return {"versions", Level::ok,
            fmt::format("plugin {} for Slurm {}", stamp->pavtest, stamp->slurm), ""};
}

Finding flags_finding(const std::string& flags) {
    for (const char* flag : {"Alloc", "Contain", "X11", "RunInJob"}) {  // each implies Alloc
        if (flags.find(flag) != std::string::npos) {
            return {"slurm", Level::ok, "PrologFlags=" + flags, ""};
        }
    }
    return {
        "slurm", Level::problem,
        fmt::format("PrologFlags={}: a node that runs no step has no prolog, and no record", flags),
        "PrologFlags=Alloc in slurm.conf, then restart slurmctld and slurmd"};
}

Finding timeout_finding(const Patient& patient) {
    const std::string text = patient.slurm("PrologEpilogTimeout").value_or("0");
    long timeout = 65534;  // none
    if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
        timeout = std::atol(text.c_str());
    }
    const auto deadline = patient.deadline().count();
    if (timeout < 2 * deadline) {
        return {"slurm", Level::problem,
                fmt::format("PrologEpilogTimeout={} is too near to the plugin's deadline of {} s: "
                            "Slurm drains the node first",
                            text, deadline),
                "raise it to 60 or more, or lower deadline= in pavtest.conf"};
    }
    return {"slurm", Level::ok, fmt::format("hooks end within {} s", deadline), ""};
}

}  // namespace

Findings check_versions(const Patient& patient) {
    Findings findings;
    const std::string slurm = version_of("sbatch");
    findings.push_back(
        {"versions", Level::ok,
         fmt::format("pavsuite " PAVTEST_VERSION ", Slurm {}", slurm.empty() ? "not found" : slurm),
         ""});
    const std::string pavrun = pavrun_path();
    findings.push_back(program_finding(pavrun));
    findings.push_back(program_finding(pavrun.substr(0, pavrun.rfind('/')) + "/pavstat"));
    findings.push_back(program_finding(patient.pavnode()));
    if (!patient.plugins.empty()) {
        findings.push_back(plugin_finding(patient.plugins.front().path, slurm));
    }
    return findings;
}

Findings check_slurm(const Patient& patient) {
    if (!patient.slurm_config) {
        return {{"slurm", Level::unknown,
                 "'scontrol show config' failed: " + patient.slurm_config.error().what,
                 "run the doctor where Slurm's commands work"}};
    }
    Findings findings{flags_finding(patient.slurm("PrologFlags").value_or("(null)")),
                      timeout_finding(patient)};
    if (patient.settings && patient.settings->hook_deadline != patient.deadline()) {
        findings.push_back(
            {"slurm", Level::warning,
             fmt::format("hook_deadline is {} in pavtest.yaml, deadline {} in "
                         "plugstack.conf",
                         patient.settings->hook_deadline.count(), patient.deadline().count()),
             "give both the same value"});
    }
    return findings;
}

}  // namespace pavtest::cmd::doctor
