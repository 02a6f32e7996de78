// The plugin: whether Slurm's files name it, and whether sbatch and slurmd have it.
#include <fmt/format.h>
#include <glob.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/build_info.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cmd/pavsuite/doctor.h"

namespace pavtest::cmd::doctor {

namespace {

constexpr const char* kCheck = "plugin";
constexpr int kDeepest = 8;  // of includes

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (const std::string& word : split(line.substr(0, line.find('#')), ' ')) {
        for (const std::string& part : split(word, '\t')) {
            if (!part.empty()) {
                words.push_back(part);
            }
        }
    }
    return words;
}

std::vector<std::string> files_of(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> files;
    if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
        files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    }
    ::globfree(&found);
    return files;
}

Finding include_finding(const Patient& patient) {
    if (patient.stack.empty()) {
        return {kCheck, Level::problem, "there is no plugstack.conf that can be read",
                "make it beside slurm.conf, with the line 'include " PAVTEST_SYSCONFDIR
                "/../slurm/plugstack.conf.d/*.conf'; see docs/admin.md"};
    }
    if (patient.plugins.empty()) {
        return {kCheck, Level::problem,
                fmt::format("'{}' and what it includes do not name spank_pavtest.so",
                            patient.stack.front()),
                "give it the line 'include /etc/slurm/plugstack.conf.d/*.conf', where the package "
                "has put pavtest.conf"};
    }
    if (patient.plugins.size() > 1) {
        return {kCheck, Level::problem,
                fmt::format("the plugin is named {} times, last in '{}'", patient.plugins.size(),
                            patient.plugins.back().file),
                "leave one line"};
    }
    const PluginLine& line = patient.plugins.front();
    if (line.mode != "optional") {
        return {
            kCheck, Level::problem,
            fmt::format("it is '{}' in '{}': where it is missing, jobs fail", line.mode, line.file),
            "write 'optional'"};
    }
    if (!line.path.starts_with('/')) {
        return {kCheck, Level::warning,
                fmt::format("'{}' in '{}' is no absolute path", line.path, line.file),
                "name the whole path"};
    }
    return {kCheck, Level::ok, fmt::format("'{}' loads {}", line.file, line.path), ""};
}

Finding sbatch_finding() {
    Command command;
    command.arguments = {"sbatch", "--help"};
    command.deadline = std::chrono::seconds(10);
    const auto done = run(command);
    if (!done || !done->ok()) {
        return {kCheck, Level::unknown, "sbatch cannot be run here",
                "run it where Slurm's commands are in PATH"};
    }
    if (done->output.find("--pavtest=") == std::string::npos) {
        const std::string said(trim(done->errors));
        return {kCheck, Level::problem,
                "sbatch does not know --pavtest" + (said.empty() ? said : ": " + said),
                "see the other findings; 'sbatch -vv --help' tells what Slurm makes of the plugin"};
    }
    return {kCheck, Level::ok, "sbatch has --pavtest", ""};
}

// When a process began, in seconds since 1970.
std::optional<std::int64_t> start_of(const std::string& pid) {
    const auto stat = read_file("/proc/" + pid + "/stat");
    const auto system = read_file("/proc/stat");
    if (!stat || !system) {
        return std::nullopt;
    }
    // The name, in parentheses, may hold anything; the start is the 20th field behind it.
    const auto fields = split(stat->substr(stat->rfind(')') + 1), ' ');
    const std::size_t boot = system->find("btime ");
    if (fields.size() < 21 || boot == std::string::npos) {
        return std::nullopt;
    }
    return std::atoll(system->c_str() + boot + 6) +
           std::atoll(fields[20].c_str()) / ::sysconf(_SC_CLK_TCK);
}

Finding slurmd_finding(const Patient& patient, const std::string& pid) {
    const auto maps = read_file("/proc/" + pid + "/maps");
    if (maps && !maps->empty()) {
        if (maps->find("spank_pavtest.so") != std::string::npos) {
            return {kCheck, Level::ok, fmt::format("slurmd (process {}) has it", pid), ""};
        }
        return {kCheck, Level::problem, fmt::format("slurmd (process {}) has not loaded it", pid),
                "restart slurmd: it looks for plugins when it starts"};
    }
    const auto start = start_of(pid);
    for (const std::string& file : patient.stack) {
        struct stat info {};
        if (start && ::stat(file.c_str(), &info) == 0 && info.st_ctim.tv_sec > *start) {
            return {kCheck, Level::warning,
                    fmt::format("slurmd (process {}) is older than '{}'", pid, file),
                    "restart slurmd, or run the doctor as root to see what it has loaded"};
        }
    }
    return {kCheck, Level::ok,
            fmt::format("slurmd (process {}) began after the last change of plugstack.conf", pid),
            ""};
}

// A slurmd that was given another configuration serves another cluster.
bool serves_another(const Patient& patient, const std::string& pid) {
    const auto ours = patient.slurm("SLURM_CONF");
    const auto line = read_file("/proc/" + pid + "/cmdline");
    if (!ours || !line) {
        return false;
    }
    const auto words = split(*line, '\0');
    const auto option = std::find(words.begin(), words.end(), "-f");
    return option != words.end() && option + 1 != words.end() && *(option + 1) != *ours;
}

void add_slurmds(const Patient& patient, Findings& findings) {
    std::error_code error;
    bool any = false;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        const std::string pid = entry.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const auto name = read_file(entry.path().string() + "/comm");
        if (name && trim(*name) == "slurmd" && !serves_another(patient, pid)) {
            findings.push_back(slurmd_finding(patient, pid));
            any = true;
        }
    }
    if (!any) {
        findings.push_back(
            {kCheck, Level::ok, "no slurmd runs here: 'hooks' tells how compute nodes do", ""});
    }
}

// As sbatch finds it: by this host's slurm.conf; without one (configless) Slurm is asked.
std::string plugstack_of(const Patient& patient) {
    const std::string conf = patient.environment.get_or("SLURM_CONF", "/etc/slurm/slurm.conf");
    const auto text = read_file(conf);
    if (!text) {
        const std::string named = patient.slurm("PlugStackConfig").value_or("");
        return named.starts_with('/') ? named : "/run/slurm/conf/plugstack.conf";
    }
    constexpr std::string_view key = "PlugStackConfig=";
    for (const std::string& line : split(*text, '\n')) {
        const std::string_view setting = trim(line);
        if (setting.size() > key.size() &&
            ::strncasecmp(setting.data(), key.data(), key.size()) == 0) {
            const std::string_view value = setting.substr(key.size());
            return std::string(value.substr(0, value.find_first_of(" \t#")));
        }
    }
    return conf.substr(0, conf.rfind('/')) + "/plugstack.conf";
}

}  // namespace

std::optional<std::string> PluginLine::argument(std::string_view key) const {
    for (const std::string& word : arguments) {
        if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=') {
            return word.substr(key.size() + 1);
        }
    }
    return std::nullopt;
}

void read_plugstack(const std::string& file, std::vector<std::string>& files,
                    std::vector<PluginLine>& found, int depth) {
    const auto text = read_file(file, 1U << 20);
    if (!text || depth > kDeepest) {
        return;
    }
    files.push_back(file);
    for (const std::string& line : split(*text, '\n')) {
        const std::vector<std::string> words = words_of(line);
        if (words.size() < 2) {
            continue;
        }
        if (words[0] == "include") {
            for (const std::string& each : files_of(words[1])) {
                read_plugstack(each, files, found, depth + 1);
            }
        } else if (words[1].ends_with("spank_pavtest.so")) {
            found.push_back({file, words[0], words[1], {words.begin() + 2, words.end()}});
        }
    }
}

Patient Patient::here(const Environment& environment, const Account& account) {
    Patient patient{environment, account, load_settings(environment, account), {}, {}, {}};
    Command command;
    command.arguments = {"scontrol", "show", "config"};
    command.deadline = std::chrono::seconds(10);
    auto done = run(command);
    if (done && done->ok()) {
        patient.slurm_config = std::move(done->output);
    } else {
        patient.slurm_config =
            fail(ErrorKind::infrastructure,
                 done && !done->timed_out ? std::string(trim(done->errors)) : "no answer");
    }
    const std::string stack = plugstack_of(patient);
    read_plugstack(stack, patient.stack, patient.plugins);
    return patient;
}

std::optional<std::string> Patient::slurm(std::string_view key) const {
    if (!slurm_config) {
        return std::nullopt;
    }
    for (const std::string& line : split(*slurm_config, '\n')) {
        const std::size_t equals = line.find('=');
        if (equals != std::string::npos && trim(line.substr(0, equals)) == key) {
            return std::string(trim(line.substr(equals + 1)));
        }
    }
    return std::nullopt;
}

std::chrono::seconds Patient::deadline() const {
    int seconds = 10;
    if (!plugins.empty()) {
        const std::string text = plugins.front().argument("deadline").value_or("10");
        std::from_chars(text.data(), text.data() + text.size(), seconds);
    }
    return std::chrono::seconds(seconds);
}

std::string Patient::pavnode() const {
    const auto argument = plugins.empty() ? std::nullopt : plugins.front().argument("pavnode");
    return argument.value_or(PAVTEST_LIBEXECDIR "/pavnode");
}

std::string Patient::spool() const {
    const auto argument = plugins.empty() ? std::nullopt : plugins.front().argument("spool");
    return argument.value_or(PAVTEST_SPOOLDIR);
}

Findings check_plugin(const Patient& patient) {
    Findings findings{include_finding(patient)};
    if (!patient.plugins.empty()) {
        const PluginLine& line = patient.plugins.front();
        for (const std::string& file : {line.file, line.path, patient.pavnode()}) {
            if (::access(file.c_str(), F_OK) != 0) {
                findings.push_back({kCheck, Level::problem, fmt::format("'{}' is not here", file),
                                    "install the package that it is in; pavnode is in "
                                    "pavtest-node"});
            } else if (const std::string who = who_may_write(file, 0); !who.empty()) {
                findings.push_back(
                    {kCheck, Level::problem, fmt::format("root runs '{}', and {}", file, who),
                     "let root own it and all directories above it, and nobody else write them"});
            }
        }
    }
    findings.push_back(sbatch_finding());
    add_slurmds(patient, findings);
    return findings;
}

}  // namespace pavtest::cmd::doctor
