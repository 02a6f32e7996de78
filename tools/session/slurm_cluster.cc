// Asking slurm.conf, sinfo and scontrol.
#include "session/slurm_cluster.h"

#include <fmt/format.h>
#include <strings.h>

#include <charconv>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "base/time.h"

namespace pavtest::session {

namespace {

constexpr std::chrono::seconds kAnswerDeadline{5};

Result<std::string> ask(std::vector<std::string> arguments) {
    Command command;
    command.arguments = std::move(arguments);
    command.deadline = kAnswerDeadline;
    auto done = run(command);
    if (!done) {
        return tl::make_unexpected(done.error());
    }
    if (!done->ok()) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("'{}' failed: {}", join(command.arguments, " "),
                                done->timed_out ? "no answer" : trim(done->errors)));
    }
    return std::move(done->output);
}

// The value of KEY=value in scontrol's one-line form.
std::optional<std::string> field(std::string_view line, std::string_view key) {
    for (const std::string& word : split(line, ' ')) {
        if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=') {
            return word.substr(key.size() + 1);
        }
    }
    return std::nullopt;
}

// Whether a job can wait for nodes in this state. sinfo puts signs behind it, of which '*' says
// that they do not answer.
bool can_be_had(std::string_view state) {
    if (state.ends_with('*')) {
        return false;
    }
    const std::string_view bare =
        state.substr(0, state.find_first_not_of("abcdefghijklmnopqrstuvwxyz"));
    for (const std::string_view good :
         {"allocated", "allocating", "completing", "idle", "mixed", "planned"}) {
        if (bare == good) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<std::string> local_cluster_name(const Environment& environment) {
    if (const auto clusters = environment.get("SLURM_CLUSTERS");
        clusters && !clusters->empty() && clusters->find(',') == std::string::npos) {
        return clusters;
    }
    for (const std::string& path :
         {environment.get_or("SLURM_CONF", ""), std::string("/etc/slurm/slurm.conf"),
          std::string("/run/slurm/conf/slurm.conf")}) {
        const auto text = path.empty() ? Result<std::string>("") : read_file(path);
        if (!text) {
            continue;
        }
        for (const std::string& line : split(*text, '\n')) {
            const std::string_view trimmed = trim(line);
            constexpr std::string_view key = "ClusterName=";
            if (trimmed.size() > key.size() &&
                ::strncasecmp(trimmed.data(), key.data(), key.size()) == 0) {
                const std::string_view value = trimmed.substr(key.size());
                return std::string(value.substr(0, value.find_first_of(" \t#")));
            }
        }
    }
    return std::nullopt;
}

Result<std::uint32_t> partition_node_count(const std::string& partition) {
    std::vector<std::string> arguments{"sinfo", "--noheader", "--format=%P %D %T"};
    if (!partition.empty()) {
        arguments.push_back("--partition=" + partition);
    }
    auto answer = ask(std::move(arguments));
    if (!answer) {
        return tl::make_unexpected(answer.error());
    }
    // A line for each partition and state; the default partition's name ends in '*'.
    std::uint32_t total = 0;
    for (const std::string& line : split(*answer, '\n')) {
        const std::vector<std::string> words = split(trim(line), ' ');
        if (words.size() != 3 || (partition.empty() && !words[0].ends_with('*')) ||
            !can_be_had(words[2])) {
            continue;
        }
        std::uint32_t nodes = 0;
        std::from_chars(words[1].data(), words[1].data() + words[1].size(), nodes);
        total += nodes;
    }
    if (total == 0) {
        return fail(
            ErrorKind::config,
            partition.empty()
                ? std::string("the cluster has no default partition, or no usable node in it")
                : fmt::format("partition '{}' has no usable nodes", partition));
    }
    return total;
}

Result<std::optional<std::int64_t>> partition_time_limit(const std::string& partition) {
    std::vector<std::string> arguments{"scontrol", "--oneliner", "show", "partition"};
    if (!partition.empty()) {
        arguments.push_back(partition);
    }
    auto answer = ask(std::move(arguments));
    if (!answer) {
        return tl::make_unexpected(answer.error());
    }
    for (const std::string& line : split(*answer, '\n')) {
        if (partition.empty() && field(line, "Default") != "YES") {
            continue;
        }
        const auto limit = field(line, "MaxTime");
        const auto seconds = limit ? from_slurm_duration(*limit) : std::nullopt;
        return seconds ? std::optional(*seconds / 60) : std::optional<std::int64_t>{};
    }
    return std::optional<std::int64_t>{};
}

}  // namespace pavtest::session
